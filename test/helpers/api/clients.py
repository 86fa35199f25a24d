"""Sends a body of many megabytes with the clients of Python's standard library; prints each status as JSON."""
import http.client, json, sys, urllib.error, urllib.request

origin, method, path, headers, size = sys.argv[1], sys.argv[2], sys.argv[3], json.loads(sys.argv[4]), int(sys.argv[5])
body = b'"' + b"x" * (size - 2) + b'"'

def with_length():
    connection = http.client.HTTPConnection(origin.split("//")[1])
    connection.request(method, path, body, headers)
    return connection.getresponse()

def in_chunks():
    connection = http.client.HTTPConnection(origin.split("//")[1])
    chunks = (body[start : start + 65536] for start in range(0, len(body), 65536))
    connection.request(method, path, chunks, headers, encode_chunked=True)
    return connection.getresponse()

def without_host(chunked):
    connection = http.client.HTTPConnection(origin.split("//")[1])
    connection.putrequest(method, path, skip_host=True)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.putheader(*(("Transfer-Encoding", "chunked") if chunked else ("Content-Length", str(size))))
    connection.endheaders(body, encode_chunked=chunked)
    return connection.getresponse()

def urllib_request():
    try:
        return urllib.request.urlopen(urllib.request.Request(origin + path, body, headers, method=method))
    except urllib.error.HTTPError as refused:
        return refused

def status_of(client):
    try:
        answer = client()
        return [answer.status, json.load(answer)["code"]]
    except Exception as trouble:
        return [0, str(trouble)]

clients = [with_length, in_chunks, urllib_request]
if "without-host" in sys.argv:
    clients = [lambda: without_host(False), lambda: without_host(True)]
print(json.dumps([status_of(client) for client in clients]))
