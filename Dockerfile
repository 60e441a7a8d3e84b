# One image for every process of hadir; which one it is says the command (docker-compose.yml).
FROM python:3.11.14-slim-bookworm

RUN useradd --uid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin hadir \
    && install --directory --owner hadir --group hadir --mode 0700 /data

WORKDIR /app

# The lock without the extra "local": no ClickHouse engine, no Java, no test tools.
COPY requirements-production.lock ./
RUN python -m pip install --no-cache-dir --disable-pip-version-check --require-hashes -r requirements-production.lock

# hadir runs from its checkout: schemas, migrations and views lie beside the code.
COPY pyproject.toml README.md ./
COPY schemas schemas
COPY clickhouse/migrations clickhouse/migrations
COPY clickhouse/views clickhouse/views
COPY hadir hadir
COPY producers producers
COPY streams streams
COPY wall wall
COPY notify notify
RUN python -m pip install --no-cache-dir --disable-pip-version-check --no-deps --no-build-isolation -e . \
    && python -m compileall -q /app

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 HADIR_DATA=/data
USER hadir
VOLUME /data
CMD ["hadir", "--help"]
