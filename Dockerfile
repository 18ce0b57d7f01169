# syntax=docker/dockerfile:1
# One static binary and the certificates of public authorities; no shell, no package manager.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=dev
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X errata/internal/app.Version=${VERSION}" -o /out/web ./cmd/web \
 && CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o /out/probe ./scripts/probe \
 && mkdir /out/data /out/tmp

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/web /out/probe /
COPY --from=build --chown=65532:65532 /out/data /data
COPY --from=build --chown=65532:65532 /out/tmp /tmp
USER 65532:65532
ENV ERRATA_LISTEN=:8080 ERRATA_DATA_DIR=/data
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s CMD ["/probe"]
ENTRYPOINT ["/web"]
