# SPDX-License-Identifier: MIT
"""Read just as much of a WebAssembly module as the claims are about."""


def leb(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def sections(data):
    """Yield (id, content) of each section."""
    assert data[:8] == b"\0asm\1\0\0\0", "no WebAssembly module"
    at = 8
    while at < len(data):
        kind = data[at]
        length, at = leb(data, at + 1)
        yield kind, data[at:at + length]
        at += length


def _name(data, at):
    length, at = leb(data, at)
    return data[at:at + length].decode(), at + length


def imports(data):
    """The imported functions as (module, name)."""
    result = []
    for kind, content in sections(data):
        if kind != 2:
            continue
        count, at = leb(content, 0)
        for _ in range(count):
            module, at = _name(content, at)
            name, at = _name(content, at)
            assert content[at] == 0, f"{module}.{name} is no function"
            _, at = leb(content, at + 1)
            result.append((module, name))
    return result


def code_size(data):
    return sum(len(content) for kind, content in sections(data) if kind == 10)
