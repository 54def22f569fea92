"""Keys of SRTP as MIKEY carries them (RFC 3830), read by hand."""

TIMESTAMP_BYTES = {0: 8, 1: 8, 2: 4}
AES_128_KEY_BYTES = 16
SALT_BYTES = 14


def key_of(mikey):
    """Master key with salt, and identifier, of a MIKEY message without encryption."""
    kind = mikey[2]
    at = 10 + 9 * mikey[8]
    while kind != 0:
        following = mikey[at]
        if kind == 5:
            at += 2 + TIMESTAMP_BYTES[mikey[at + 1]]
        elif kind == 11:
            at += 2 + mikey[at + 1]
        elif kind == 10:
            at += 5 + int.from_bytes(mikey[at + 3 : at + 5], "big")
        elif kind == 1:
            return key_data(mikey[at + 4 : at + 4 + int.from_bytes(mikey[at + 2 : at + 4], "big")])
        else:
            raise ValueError(f"payload {kind}")
        kind = following
    raise ValueError("no key")


def key_data(data):
    kind, validity = data[1] >> 4, data[1] & 15
    length = int.from_bytes(data[2:4], "big")
    key, rest = data[4 : 4 + length], data[4 + length :]
    if kind in (1, 3):
        salt = int.from_bytes(rest[:2], "big")
        key, rest = key + rest[2 : 2 + salt], rest[2 + salt :]
    if len(key) != AES_128_KEY_BYTES + SALT_BYTES:
        raise ValueError(f"a key of {len(key)} bytes")
    return key, rest[1 : 1 + rest[0]] if validity == 1 else b""
