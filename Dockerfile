# The serving image: recognise, search, answer. Training is done elsewhere; there is no TensorFlow in here.

FROM python:3.13-slim AS build
WORKDIR /src
RUN python -m venv /opt/imgrec
COPY constraints.txt pyproject.toml README.md LICENSE ./
COPY imgrec imgrec
COPY bot bot
COPY sandbox sandbox
RUN PIP_CONSTRAINT=constraints.txt /opt/imgrec/bin/pip install --no-cache-dir .
# What a shop of its kind needs besides: pymilvus (compose.milvus.yaml), pillow-heif.
ARG ALSO=""
RUN test -z "$ALSO" || PIP_CONSTRAINT=constraints.txt /opt/imgrec/bin/pip install --no-cache-dir $ALSO

FROM python:3.13-slim
RUN useradd --create-home --uid 10001 shop \
 && install -d -o shop -g shop /shop /shop/data /shop/models
COPY --from=build /opt/imgrec /opt/imgrec
COPY config.yaml /shop/config.yaml
COPY --chown=shop:shop models/imagenet /shop/models/imagenet
ENV PATH=/opt/imgrec/bin:$PATH PYTHONUNBUFFERED=1
WORKDIR /shop
USER shop
VOLUME ["/shop/data", "/shop/models"]
# Unhealthy when the bot has not heard from Telegram for a minute and a half, also when the process still runs.
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 CMD ["python", "-m", "bot", "--health"]
STOPSIGNAL SIGTERM
CMD ["python", "-m", "bot"]
