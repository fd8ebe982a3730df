# Rollcall's programs in one image: worker, and rollcall for the operators. They are linked statically and bring
# the time zones with them; of the system below they need the certificates alone.
#
#   docker build --build-arg BUILD_ID=1.4.0 --tag rollcall:1.4.0 .
FROM golang:1.26.8 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
ENV CGO_ENABLED=0
# Without paths and without the state of a repository the same source gives the same program, and so the same fingerprint.
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    go build -trimpath -buildvcs=false -o /out/worker ./worker && \
    go build -trimpath -buildvcs=false -o /out/rollcall ./starter

FROM debian:13.1-slim
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /out/worker /out/rollcall /usr/local/bin/
# The name of the build; without one it is the program's fingerprint. Two programs must never have the same.
ARG BUILD_ID=""
ENV ROLLCALL_BUILD_ID=${BUILD_ID}
USER 65532:65532
CMD ["worker"]
