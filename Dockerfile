# The HTTP service. A token for it: docker compose run --rm api tokens add NAME --scope read --scope write
FROM python:3.13-slim AS build
WORKDIR /source
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY src src
RUN pip install --no-cache-dir --disable-pip-version-check --prefix /installed \
    --constraint constraints.txt '.[api,cli,neo4j]'

FROM python:3.13-slim
COPY --from=build /installed /usr/local
RUN useradd --system --create-home --uid 10001 headwater && install -d -o headwater /data
USER headwater
WORKDIR /data
ENV HEADWATER_STORE=sqlite:///lineage.db HEADWATER_API_TOKENS=tokens
VOLUME /data
EXPOSE 8765
HEALTHCHECK --interval=10s --timeout=6s --start-period=20s \
  CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8765/health/ready', timeout=5)"]
ENTRYPOINT ["headwater"]
CMD ["serve", "--host", "0.0.0.0"]
