#!/bin/sh
# Log a run and read a trace with curl: HEADWATER_URL is the service, HEADWATER_TOKEN a token (none on its own machine).
set -eu
api=${HEADWATER_URL:-http://127.0.0.1:8765}/api/v1

headwater() { curl --silent --show-error --fail ${HEADWATER_TOKEN:+-H "Authorization: Bearer $HEADWATER_TOKEN"} "$@"; }

headwater "$api/runs" --output /dev/null --json '{
  "id": "curl-1", "component": "predict",
  "started_at": "2026-03-01T12:00:00Z", "ended_at": "2026-03-01T12:00:05Z",
  "inputs": [{"name": "model.joblib"}], "outputs": [{"name": "curl.csv"}]
}'
headwater --get "$api/trace" --data-urlencode "of=curl.csv"
