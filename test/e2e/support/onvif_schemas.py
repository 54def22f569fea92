"""The schemas of ONVIF as one, for python3-lxml: an answer is checked as a whole, with its envelope, faults and events."""

import os
import re

from lxml import etree

XS = "{http://www.w3.org/2001/XMLSchema}"
ENVELOPE = "http://www.w3.org/2003/05/soap-envelope"
# Extension points for later versions of the same schema, which libxml2 cannot tell from optional elements before them. Without
# them it takes less, and nothing of what ONVIF has named so far.
AMBIGUOUS = re.compile(rb'<xs:any namespace="##targetNamespace"[^>]*/>')


def local(folder, url):
    """Where an address that a WSDL imports lies in a folder of them."""
    return os.path.join(folder, "schema/common", os.path.basename(url)) if re.match("https?:", url) else url


class Files(etree.Resolver):
    """Finds imported schemas, those within WSDLs as `WSDL#number`."""

    def __init__(self, folder):
        self.folder = folder

    def resolve(self, url, _public, context):
        path, _, number = local(self.folder, url).partition("#")
        if number:
            schema = inside(path)[int(number)]
            return self.resolve_string(etree.tostring(schema), context, base_url=path)
        with open(path, "rb") as file:
            return self.resolve_string(AMBIGUOUS.sub(b"", file.read()), context, base_url=path)


def inside(path):
    return list(etree.parse(path).iter(XS + "schema"))


class Schemas:
    def __init__(self, folder, pages):
        self.elements = {etree.QName(ENVELOPE, "Fault").text}
        parser = etree.XMLParser(no_network=True)
        parser.resolvers.add(Files(folder))
        whole = etree.Element(XS + "schema")
        etree.SubElement(whole, XS + "import", namespace=ENVELOPE, schemaLocation="schema/common/soap-envelope")
        for page in pages:
            for number, schema in enumerate(inside(os.path.join(folder, page))):
                target = schema.get("targetNamespace")
                if target is None:
                    continue
                etree.SubElement(whole, XS + "import", namespace=target, schemaLocation="%s#%d" % (page, number))
                self.elements.update("{%s}%s" % (target, one.get("name")) for one in schema.findall(XS + "element"))
        for one in etree.parse(os.path.join(folder, "schema/common/b-2.xsd")).getroot().findall(XS + "element"):
            self.elements.add("{http://docs.oasis-open.org/wsn/b-2}%s" % one.get("name"))
        base = os.path.join(os.path.abspath(folder), "all.xsd")
        self.schema = etree.XMLSchema(etree.ElementTree(etree.fromstring(etree.tostring(whole), parser, base_url=base)))

    def problem(self, envelope):
        """What is wrong with an answer; None when nothing is."""
        if not self.schema.validate(envelope):
            error = self.schema.error_log[0]
            return "line %d: %s" % (error.line, error.message)
        body = envelope.find("{%s}Body" % ENVELOPE)
        unknown = [one.tag for one in body if one.tag not in self.elements]
        return "no schema has %s" % unknown[0] if unknown or len(body) != 1 else None
