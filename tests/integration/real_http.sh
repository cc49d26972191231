#!/bin/sh
# SPDX-License-Identifier: MIT
# nginx behind sockproxy: large files both ways with curl, many small requests with ApacheBench.
. "${srcdir:-.}/tests/support/real.sh"
need nginx nginx-light
need curl curl
need ab apache2-utils
need ss iproute2

mkdir "$work/www" "$work/www/in" "$work/temp"
head -c 67108864 /dev/urandom >"$work/www/large"
echo small >"$work/www/small"

start_nginx() {
	target=$(free_port)
	cat >"$work/nginx.conf" <<-END
		daemon off;
		$([ "$(id -u)" -ne 0 ] || echo 'user root;')
		pid $work/nginx.pid;
		error_log stderr;
		worker_processes 1;
		events { worker_connections 1000; }
		http {
			access_log off;
			client_body_temp_path $work/temp;
			proxy_temp_path $work/temp;
			fastcgi_temp_path $work/temp;
			uwsgi_temp_path $work/temp;
			scgi_temp_path $work/temp;
			client_max_body_size 0;
			keepalive_requests 100000;
			server {
				listen 127.0.0.1:$target;
				root $work/www;
				location /in/ { dav_methods PUT; }
			}
		}
	END
	start_server "$target" nginx -e stderr -p "$work" -c "$work/nginx.conf"
}

start_nginx || start_nginx || fail "nginx does not start"
start_proxy -l 127.0.0.1:0 -u "127.0.0.1:$target"

same() {
	[ "$(sha256sum <"$work/www/large")" = "$(sha256sum <"$1")" ]
}

check "a download of 64 MiB" curl -sSf -o "$work/down" "http://$address/large"
same "$work/down" || fail "the download differs"
check "an upload of 64 MiB" curl -sSf -T "$work/www/large" "http://$address/in/up"
same "$work/www/in/up" || fail "the upload differs"
check "a download at 30 MB/s" curl -sSf --limit-rate 30M -o "$work/slow" "http://$address/large"
same "$work/slow" || fail "the slow download differs"
echo "ok: SHA-256 of all of them is equal"

# ab ARGUMENTS: its exit status says nothing of failed requests.
ab_without_failure() {
	check "ab $*" ab -q "$@" "http://$address/small"
	grep -q '^Failed requests: *0$' "$work/check.log" || fail "requests failed"
	! grep '^Non-2xx' "$work/check.log" || fail "requests were refused"
}

ab_without_failure -n 3000 -c 20
ab_without_failure -k -n 20000 -c 20
only client_fin upstream_fin
stop_proxy
