/*
 * What runs inside a container, with whatever it has to ask with. Arguments: the time limit in seconds, the most bytes
 * that are read, and a client each for Node and Python. What is asked for comes in the environment (`HOMEPORT_URL`, and
 * in parts), for it may hold a secret. Standard error tells which client asked; exit code 42 says that there is none.
 *
 * BusyBox's wget comes last: it follows redirects, and shows no body of an error.
 */
export const httpScript = `
unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NODE_OPTIONS
have() { command -v "$1" >/dev/null 2>&1; }
read -r began _ </proc/uptime
if have curl; then
  echo homeport-client curl >&2
  printf 'url = "%s"\\n' "$HOMEPORT_URL" |
    curl -q -K - -sS -g -i --http1.1 --max-time "$1" -A homeport -H "Host: $HOMEPORT_HOST" \\
      -o /dev/fd/3 -w 'homeport-seconds %{time_total}\\n' 3>&1 1>&2 | head -c "$2"
elif have node; then
  echo homeport-client node >&2
  exec node -e "$3" "$1" "$2"
elif have python3; then
  echo homeport-client python3 >&2
  exec python3 -I -c "$4" "$1" "$2"
elif have wget && wget --version 2>/dev/null | head -n 1 | grep -q GNU; then
  echo homeport-client gnu-wget >&2
  wget -nv -S -O - --content-on-error --max-redirect=0 --tries=1 --timeout="$1" -U homeport \\
    --header "Host: $HOMEPORT_HOST" "$HOMEPORT_URL" | head -c "$2"
elif have bash; then
  echo homeport-client bash >&2
  bash -c 'exec 3<>"/dev/tcp/$HOMEPORT_ADDRESS/$HOMEPORT_PORT" || exit
    printf "GET %s HTTP/1.0\\r\\nHost: %s\\r\\nUser-Agent: homeport\\r\\nAccept: */*\\r\\nConnection: close\\r\\n\\r\\n" \\
      "$HOMEPORT_PATH" "$HOMEPORT_HOST" >&3
    head -c "$1" <&3' homeport "$2"
elif have wget; then
  echo homeport-client wget >&2
  wget -q -S -O - -U homeport --header "Host: $HOMEPORT_HOST" "$HOMEPORT_URL" | head -c "$2"
else
  exit 42
fi
read -r ended _ </proc/uptime
echo "homeport-uptime $began $ended" >&2
`;

/** Prints the answer as it came over the wire (head, empty line, body), and the seconds on standard error. */
export const nodeClient = `
var http = require('http'), began = Date.now(), size = 0, most = Number(process.argv[2]);
function done(code) {
  process.stderr.write('homeport-seconds ' + (Date.now() - began) / 1000 + '\\n');
  process.stdout.write('', function () { process.exit(code); });
}
function wrong(error) { process.stderr.write((error.code || '') + ' ' + error.message + '\\n'); done(1); }
setTimeout(function () { wrong(new Error('timed out')); }, Number(process.argv[1]) * 1000);
http.get(process.env.HOMEPORT_URL, { agent: false, headers: { host: process.env.HOMEPORT_HOST, 'user-agent': 'homeport' } },
  function (response) {
    var head = 'HTTP/1.1 ' + response.statusCode + ' ' + response.statusMessage + '\\r\\n';
    for (var i = 0; i < response.rawHeaders.length; i += 2) head += response.rawHeaders[i] + ': ' + response.rawHeaders[i + 1] + '\\r\\n';
    process.stdout.write(head + '\\r\\n');
    response.on('data', function (chunk) {
      process.stdout.write(chunk);
      size += chunk.length;
      if (size > most) done(0);
    });
    response.on('error', wrong);
    response.on('aborted', function () { wrong(new Error('the connection was closed in the middle of the answer')); });
    response.on('end', function () { done(0); });
  }).on('error', wrong);
`;

export const pythonClient = `
import errno, http.client, os, sys, time, urllib.parse
url = urllib.parse.urlsplit(os.environ['HOMEPORT_URL'])
began = time.monotonic()
code = 0
try:
    connection = http.client.HTTPConnection(url.hostname, url.port or 80, timeout=float(sys.argv[1]))
    path = (url.path or '/') + ('?' + url.query if url.query else '')
    connection.putrequest('GET', path, skip_host=True, skip_accept_encoding=True)
    connection.putheader('Host', os.environ['HOMEPORT_HOST'])
    connection.putheader('User-Agent', 'homeport')
    connection.putheader('Connection', 'close')
    connection.endheaders()
    response = connection.getresponse()
    body = response.read(int(sys.argv[2]))
    if response.length and len(body) < int(sys.argv[2]):
        raise http.client.IncompleteRead(body, response.length)
    head = 'HTTP/1.1 %d %s\\r\\n' % (response.status, response.reason)
    for name, value in response.getheaders():
        head += '%s: %s\\r\\n' % (name, ' '.join(value.split()))
    sys.stdout.buffer.write(head.encode('latin-1', 'replace') + b'\\r\\n' + body)
except Exception as error:
    code = 1
    name = errno.errorcode.get(getattr(error, 'errno', None) or 0, type(error).__name__)
    sys.stderr.write('%s %s\\n' % (name, error))
sys.stderr.write('homeport-seconds %f\\n' % (time.monotonic() - began))
sys.exit(code)
`;

/** Connects, closes. Arguments: address, port, the time limit in seconds. Exit code 42: there is nothing to ask with. */
export const tcpScript = `
unset NODE_OPTIONS
have() { command -v "$1" >/dev/null 2>&1; }
if have bash; then
  exec bash -c 'exec 3<>"/dev/tcp/$1/$2"' homeport "$1" "$2"
elif have python3; then
  exec python3 -I -c 'import socket, sys
socket.create_connection((sys.argv[1], int(sys.argv[2])), float(sys.argv[3])).close()' "$@"
elif have node; then
  exec node -e 'var a = process.argv, s = require("net").connect(Number(a[2]), a[1]);
s.setTimeout(Number(a[3]) * 1000, function () { s.destroy(new Error("timed out")); });
s.on("connect", function () { process.exit(0); });
s.on("error", function (e) { console.error(e.message); process.exit(1); });' "$@"
elif have nc; then
  # Not every nc has -z. One that is still connected when its time is up, or that was hung up on, had a connection.
  said=$(timeout "$3" nc -w "$3" "$1" "$2" </dev/null 2>&1 >/dev/null)
  case $? in 0 | 124 | 143) exit 0 ;; esac
  echo "$said" >&2
  exit 1
else
  exit 42
fi
`;
