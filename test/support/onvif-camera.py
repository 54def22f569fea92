"""A camera as other people's software has it: WS-Discovery on IPv4 and IPv6, and SOAP behind HTTP Digest.

onvif-camera.py --name NAME [--interface IF] [--password PW] [--xaddr URL] [--deaf]
Prints "ready" when it listens, answers at port 80, and says good-bye when its standard input ends.
"""

import argparse, hashlib, http.server, re, socket, struct, sys, threading, time, uuid

args = argparse.ArgumentParser()
args.add_argument('--name', required=True)
args.add_argument('--interface', default='eth0')
args.add_argument('--password', default='secret')
args.add_argument('--xaddr', default='http://10.255.255.1/onvif/device_service')
args.add_argument('--deaf', action='store_true', help='to multicast')
opt = args.parse_args()

REFERENCE = f'urn:uuid:{uuid.uuid5(uuid.NAMESPACE_DNS, opt.name)}'
V4, V6, PORT = '239.255.255.250', 'ff02::c', 3702
HEAD = '''<?xml version="1.0" encoding="utf-8"?><SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope"
 xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing" xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"
 xmlns:dn="http://www.onvif.org/ver10/network/wsdl" xmlns:tds="http://www.onvif.org/ver10/device/wsdl"
 xmlns:trt="http://www.onvif.org/ver10/media/wsdl" xmlns:tt="http://www.onvif.org/ver10/schema">'''
TAIL = '</SOAP-ENV:Body></SOAP-ENV:Envelope>'
DESCRIBED = f'''<wsa:EndpointReference><wsa:Address>{REFERENCE}</wsa:Address></wsa:EndpointReference>
 <d:Types>dn:NetworkVideoTransmitter</d:Types><d:Scopes>onvif://www.onvif.org/name/{opt.name} onvif://www.onvif.org/hardware/PY</d:Scopes>
 <d:XAddrs>{opt.xaddr}</d:XAddrs><d:MetadataVersion>1</d:MetadataVersion>'''
REFERS = f'<wsa:EndpointReference><wsa:Address>{REFERENCE}</wsa:Address></wsa:EndpointReference>'


def message(action, body, relates=''):
    return f'''{HEAD}<SOAP-ENV:Header><wsa:MessageID>urn:uuid:{uuid.uuid4()}</wsa:MessageID>{relates}
 <wsa:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</wsa:To>
 <wsa:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/{action}</wsa:Action></SOAP-ENV:Header><SOAP-ENV:Body>{body}{TAIL}'''.encode()


def listen(family):
    sock = socket.socket(family, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    index = socket.if_nametoindex(opt.interface)
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
    sock.bind(('', PORT))
    if not opt.deaf and family == socket.AF_INET:
        member = struct.pack('=4s4si', socket.inet_aton(V4), socket.inet_aton('0.0.0.0'), index)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, member)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, member)
    elif not opt.deaf:
        member = socket.inet_pton(family, V6) + struct.pack('=I', index)
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, member)
    return sock


def answer(sock):
    while True:
        data, sender = sock.recvfrom(65536)
        text = data.decode('utf-8', 'replace')
        wanted = re.search(r'<(?:\w+:)?MessageID[^>]*>([^<]+)<', text)
        types = re.search(r'<(?:\w+:)?Types[^>]*>([^<]*)<', text)
        if '/discovery/Probe<' not in text or wanted is None or 'NetworkVideoTransmitter' not in types.group(1):
            continue
        relates = f'<wsa:RelatesTo>{wanted.group(1)}</wsa:RelatesTo>'
        matches = f'<d:ProbeMatches><d:ProbeMatch>{DESCRIBED}</d:ProbeMatch></d:ProbeMatches>'
        sock.sendto(message('ProbeMatches', matches, relates), sender)


def announce(sock, group, action, body):
    try:
        sock.sendto(message(action, body), (group, PORT))
    except OSError:
        pass


def profile(token, width, height):
    return f'''<trt:Profiles token="{token}" fixed="true"><tt:Name>{token}</tt:Name>
 <tt:VideoEncoderConfiguration token="enc-{token}"><tt:Name>e</tt:Name><tt:UseCount>1</tt:UseCount><tt:Encoding>H264</tt:Encoding>
 <tt:Resolution><tt:Width>{width}</tt:Width><tt:Height>{height}</tt:Height></tt:Resolution><tt:Quality>5</tt:Quality>
 <tt:RateControl><tt:FrameRateLimit>25</tt:FrameRateLimit><tt:EncodingInterval>1</tt:EncodingInterval><tt:BitrateLimit>4096</tt:BitrateLimit></tt:RateControl>
 <tt:H264><tt:GovLength>50</tt:GovLength><tt:H264Profile>Main</tt:H264Profile></tt:H264></tt:VideoEncoderConfiguration></trt:Profiles>'''


def reply(name, text):
    now = time.gmtime(time.time() + 3600)
    if name == 'GetSystemDateAndTime':
        return f'''<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>Manual</tt:DateTimeType><tt:DaylightSavings>false</tt:DaylightSavings>
 <tt:UTCDateTime><tt:Time><tt:Hour>{now.tm_hour}</tt:Hour><tt:Minute>{now.tm_min}</tt:Minute><tt:Second>{now.tm_sec}</tt:Second></tt:Time>
 <tt:Date><tt:Year>{now.tm_year}</tt:Year><tt:Month>{now.tm_mon}</tt:Month><tt:Day>{now.tm_mday}</tt:Day></tt:Date></tt:UTCDateTime></tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>'''
    if name == 'GetEndpointReference':
        return f'<tds:GetEndpointReferenceResponse><tds:GUID>{REFERENCE}</tds:GUID></tds:GetEndpointReferenceResponse>'
    if name == 'GetServices':
        media = opt.xaddr.replace('device_service', 'media')
        return f'''<tds:GetServicesResponse><tds:Service><tds:Namespace>http://www.onvif.org/ver10/device/wsdl</tds:Namespace><tds:XAddr>{opt.xaddr}</tds:XAddr></tds:Service>
 <tds:Service><tds:Namespace>http://www.onvif.org/ver10/media/wsdl</tds:Namespace><tds:XAddr>{media}</tds:XAddr></tds:Service></tds:GetServicesResponse>'''
    if name == 'GetDeviceInformation':
        return f'''<tds:GetDeviceInformationResponse><tds:Manufacturer>Snake &amp; Sons</tds:Manufacturer><tds:Model>Viper</tds:Model><tds:FirmwareVersion>1.0</tds:FirmwareVersion>
 <tds:SerialNumber>00123456789012345678</tds:SerialNumber><tds:HardwareId>PY</tds:HardwareId></tds:GetDeviceInformationResponse>'''
    if name == 'GetProfiles':
        return f'<trt:GetProfilesResponse>{profile("main", 2560, 1440)}{profile("sub", 640, 360)}</trt:GetProfilesResponse>'
    if name == 'GetStreamUri':
        token = re.search(r'ProfileToken>([^<]*)<', text).group(1)
        return f'<trt:GetStreamUriResponse><trt:MediaUri><tt:Uri>rtsp://10.255.255.1:554/{token}</tt:Uri></trt:MediaUri></trt:GetStreamUriResponse>'
    return None


class Soap(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        text = self.rfile.read(int(self.headers['content-length'])).decode()
        name = re.search(r'Body[^>]*>\s*<(?:\w+:)?(\w+)', text).group(1)
        open_to_all = name in ('GetSystemDateAndTime', 'GetEndpointReference', 'GetServices')
        if not open_to_all and not self.knows_password():
            self.send(401, '', [('WWW-Authenticate', 'Digest realm="snake", nonce="abc", qop="auth"')])
            return
        body = reply(name, text)
        if body is None:
            fault = '<SOAP-ENV:Fault><SOAP-ENV:Code><SOAP-ENV:Value>SOAP-ENV:Receiver</SOAP-ENV:Value></SOAP-ENV:Code><SOAP-ENV:Reason><SOAP-ENV:Text xml:lang="en">no</SOAP-ENV:Text></SOAP-ENV:Reason></SOAP-ENV:Fault>'
            self.send(500, f'{HEAD}<SOAP-ENV:Body>{fault}{TAIL}')
        else:
            self.send(200, f'{HEAD}<SOAP-ENV:Body>{body}{TAIL}')

    def knows_password(self):
        said = dict(re.findall(r'(\w+)="?([^",]*)"?', self.headers.get('authorization', '')))
        md5 = lambda s: hashlib.md5(s.encode()).hexdigest()
        ha1, ha2 = md5(f'admin:snake:{opt.password}'), md5(f'POST:{self.path}')
        return said.get('response') == md5(f'{ha1}:abc:{said.get("nc")}:{said.get("cnonce")}:auth:{ha2}')

    def send(self, status, text, headers=()):
        body = text.encode()
        self.send_response(status)
        for key, value in [*headers, ('Content-Type', 'application/soap+xml'), ('Content-Length', str(len(body)))]:
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    address_family = socket.AF_INET6


places = [(listen(socket.AF_INET), V4), (listen(socket.AF_INET6), V6)]
for sock, _ in places:
    threading.Thread(target=answer, args=(sock,), daemon=True).start()
threading.Thread(target=Server(('::', 80), Soap).serve_forever, daemon=True).start()
print('ready', REFERENCE, flush=True)
for line in sys.stdin:
    if line.strip() == 'hello':
        for sock, group in places:
            announce(sock, group, 'Hello', f'<d:Hello>{DESCRIBED}</d:Hello>')
for sock, group in places:
    announce(sock, group, 'Bye', f'<d:Bye>{REFERS}</d:Bye>')
