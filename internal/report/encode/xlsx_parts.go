package encode

import (
	"strconv"
	"strings"
)

// What the parts of a workbook are made of.
const (
	xmlHead       = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"
	mainSpace     = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
	relationSpace = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
	packageSpace  = "http://schemas.openxmlformats.org/package/2006/"
	sheetType     = "application/vnd.openxmlformats-officedocument.spreadsheetml."
)

// stylesPart has the styles plain, moment and strong, in this order.
const stylesPart = `<styleSheet xmlns="` + mainSpace + `">` +
	`<numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\-mm\-dd\ hh:mm:ss.000"/></numFmts>` +
	`<fonts count="2"><font><sz val="11"/><name val="Calibri"/><family val="2"/></font>` +
	`<font><b/><sz val="11"/><name val="Calibri"/><family val="2"/></font></fonts>` +
	`<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>` +
	`<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>` +
	`<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>` +
	`<cellXfs count="3"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>` +
	`<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` +
	`<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1"/></cellXfs>` +
	`<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`

// rootPart says which part is the workbook.
const rootPart = `<Relationships xmlns="` + packageSpace + `relationships">` +
	`<Relationship Id="rId1" Type="` + relationSpace + `/officeDocument" Target="xl/workbook.xml"/></Relationships>`

// index lists the sheets.
func (b *workbook) index() string {
	var s strings.Builder
	s.WriteString(`<workbook xmlns="` + mainSpace + `" xmlns:r="` + relationSpace + `"><bookViews><workbookView/></bookViews><sheets>`)
	for i, name := range b.sheets {
		n := strconv.Itoa(i + 1)
		s.WriteString(`<sheet name="` + string(appendXML(nil, name)) + `" sheetId="` + n + `" r:id="rId` + n + `"/>`)
	}
	s.WriteString(`</sheets></workbook>`)
	return s.String()
}

// relations say where the sheets and the styles are.
func (b *workbook) relations() string {
	var s strings.Builder
	s.WriteString(`<Relationships xmlns="` + packageSpace + `relationships">`)
	for i := range b.sheets {
		n := strconv.Itoa(i + 1)
		s.WriteString(`<Relationship Id="rId` + n + `" Type="` + relationSpace + `/worksheet" Target="worksheets/sheet` + n + `.xml"/>`)
	}
	s.WriteString(`<Relationship Id="rId` + strconv.Itoa(len(b.sheets)+1) + `" Type="` + relationSpace + `/styles" Target="styles.xml"/></Relationships>`)
	return s.String()
}

// types say what each part is.
func (b *workbook) types() string {
	var s strings.Builder
	s.WriteString(`<Types xmlns="` + packageSpace + `content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
		`<Default Extension="xml" ContentType="application/xml"/>` +
		`<Override PartName="/xl/workbook.xml" ContentType="` + sheetType + `sheet.main+xml"/>` +
		`<Override PartName="/xl/styles.xml" ContentType="` + sheetType + `styles+xml"/>`)
	for i := range b.sheets {
		s.WriteString(`<Override PartName="/` + sheetPath(i+1) + `" ContentType="` + sheetType + `worksheet+xml"/>`)
	}
	s.WriteString(`</Types>`)
	return s.String()
}
