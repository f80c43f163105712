# Coursekeeper for a clinic: one process tree, one volume. `make image` builds it, `make test-image` tries it.
#
# The base is pinned to the byte, for every processor; a release renews the digest by what
# `docker buildx imagetools inspect debian:13-slim` says. Security updates are installed over it below. Nothing here
# depends on the processor: docker buildx build --platform linux/amd64,linux/arm64 .
ARG BASE=debian:13-slim@sha256:a29215f6a35e51e22adffa17f89e9d2ef06214e64a2bad10d765c46aea49f11f

FROM ${BASE} AS build
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends ca-certificates python3 python3-venv
WORKDIR /build
RUN python3 -m venv /opt/coursekeeper
COPY requirements.txt deploy/install-locked ./
# Where packages come through a mirror, its settings are lent for this step and stay out of every layer.
RUN --mount=type=secret,id=pip-conf,target=/etc/pip.conf \
    --mount=type=secret,id=ca-bundle,target=/run/secrets/ca-bundle \
    if [ -s /run/secrets/ca-bundle ]; then export PIP_CERT=/run/secrets/ca-bundle; fi \
    && sh ./install-locked /opt/coursekeeper/bin/python requirements.txt
COPY LICENSE README.md pyproject.toml setup.cfg ./
COPY invoices invoices
COPY plugin plugin
COPY templates templates
RUN /opt/coursekeeper/bin/python -m pip wheel --quiet --no-deps --no-index --no-build-isolation --wheel-dir wheel . \
    && /opt/coursekeeper/bin/python -m pip install --quiet --no-deps --no-index wheel/*.whl \
    && /opt/coursekeeper/bin/python -m pip uninstall --quiet --yes setuptools pip

FROM ${BASE}
# Pango draws the papers; the fonts are for names in scripts that the papers do not bring themselves; the
# programs of PostgreSQL make copies of one, rclone and restic take copies elsewhere.
RUN apt-get update \
    && DEBIAN_FRONTEND=noninteractive apt-get upgrade -y \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
        ca-certificates postgresql-client python3 rclone restic \
        libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 libfontconfig1 fontconfig \
        fonts-dejavu-core fonts-droid-fallback fonts-noto-core fonts-noto-color-emoji \
    && fc-cache --system-only \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/log/* \
    && groupadd --gid 10001 coursekeeper \
    && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin coursekeeper \
    && install --directory --owner=10001 --group=10001 --mode=0700 /data
COPY --from=build /opt/coursekeeper /opt/coursekeeper
ARG VERSION=
LABEL org.opencontainers.image.title="Coursekeeper" \
      org.opencontainers.image.description="Prepaid session packages beside a Square till" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}"
# Everything that is kept is in /data; /tmp is all that is written besides, so the root may be read-only.
ENV PATH=/opt/coursekeeper/bin:/usr/bin:/bin \
    DATA_DIR=/data \
    DATABASE_URL=sqlite:////data/coursekeeper.db \
    HOME=/tmp \
    LANG=C.UTF-8 \
    RCLONE_CONFIG=/data/rclone.conf \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
WORKDIR /data
VOLUME /data
EXPOSE 8000
USER 10001:10001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=15s --start-period=60s \
    CMD ["python", "-c", "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=10)"]
ENTRYPOINT ["coursekeeper"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
