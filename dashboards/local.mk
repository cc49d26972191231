# Dashboards and rules, for import; README.md says how.
grafanadir = $(pkgdatadir)/grafana
grafana_boards = %D%/grafana/connections.json %D%/grafana/overview.json %D%/grafana/path.json %D%/grafana/upstreams.json
dist_grafana_DATA = $(grafana_boards)
prometheusdir = $(pkgdatadir)/prometheus
dist_prometheus_DATA = %D%/prometheus/alerting.rules.yml %D%/prometheus/prometheus.yml %D%/prometheus/recording.rules.yml
EXTRA_DIST += %D%/README.md %D%/grafana/make.py \
	%D%/grafana/source/blocks.py %D%/grafana/source/connections.py %D%/grafana/source/overview.py \
	%D%/grafana/source/path.py %D%/grafana/source/upstreams.py
