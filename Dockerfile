# syntax=docker/dockerfile:1
# Two images of one build, so that their static files always agree:
#   web    the site, for as many workers as WEB_CONCURRENCY says
#   proxy  nginx, which serves static files and pictures and passes on the rest

FROM python:3.11-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
COPY requirements.txt .
RUN pip install --quiet --require-hashes -r requirements.txt
WORKDIR /srv/chatsite
COPY . .
RUN python scripts/npm_packages.py && python scripts/languages.py compile
# Placeholders: settings are read, but nothing is signed or served here.
RUN APP_ENV=production PUBLIC_URL=http://localhost JWT_SECRET=a-placeholder-that-signs-nothing-anywhere \
    python manage.py collectstatic --noinput --verbosity 0 \
    && rm -rf node_modules \
    && python -m compileall -q accounts chatsite messaging mongo_migrations scheduler

FROM nginx:1.28-alpine AS proxy
COPY deploy/nginx.conf /etc/nginx/conf.d/default.conf
COPY deploy/upstream.conf deploy/site.conf deploy/proxy.conf /etc/nginx/chatsite/
COPY --from=build /srv/chatsite/staticfiles /srv/chatsite/staticfiles
HEALTHCHECK --start-period=60s --start-interval=2s --interval=60s --timeout=3s \
    CMD ["wget", "-q", "-O", "/dev/null", "http://127.0.0.1/healthz"]

FROM python:3.11-slim-bookworm AS web
ENV PATH=/opt/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    APP_ENV=production MEDIA_ROOT=/srv/chatsite/media HOST=0.0.0.0 PORT=8000 WEB_CONCURRENCY=2
RUN useradd --system --uid 10001 --no-create-home chatsite \
    && install -d -o chatsite -g chatsite /srv/chatsite/media \
    && install -d -o chatsite -g chatsite -m 700 /srv/chatsite/backups
WORKDIR /srv/chatsite
COPY --from=build /opt/venv /opt/venv
COPY --from=build /srv/chatsite .
USER chatsite
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --start-period=60s --start-interval=2s --interval=60s --timeout=5s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=4)"]
CMD ["python", "-m", "chatsite.serve"]
