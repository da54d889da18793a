# SPDX-License-Identifier: BSD-2-Clause
"""Keys made for one run, and signatures by programs that are not ours."""
import base64
import pathlib
import subprocess
import time

import dkim
import nacl.signing

SIGNED = [b"from", b"to", b"subject", b"date", b"message-id"]


class Keys:
    """RSA-2048 and Ed25519 for honest selectors. "weak" has 512 bits, and
    signs; "foreign" publishes a key with which nothing is signed; with "seal"
    the daemon does it."""

    def __init__(self, folder):
        self.rsa_file, self.rsa, self.rsa_record = rsa(folder, "rsa", 2048)
        _, self.weak, self.weak_record = rsa(folder, "weak", 512)
        _, _, self.foreign_record = rsa(folder, "foreign", 2048)
        self.seal_file, _, self.seal_record = rsa(folder, "seal", 2048)
        seed = nacl.signing.SigningKey.generate()
        self.ed = base64.b64encode(bytes(seed))
        self.ed_record = ("v=DKIM1; k=ed25519; p=" +
                          base64.b64encode(bytes(seed.verify_key)).decode())


def certificate(folder):
    """A key and the certificate it made for itself, in one file."""
    file = folder / "certificate.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes",
                    "-days", "2", "-subj", "/CN=mx.example.org", "-keyout",
                    str(file), "-out", str(folder / "public.pem")],
                   check=True, stderr=subprocess.DEVNULL)
    file.write_bytes(file.read_bytes() + (folder / "public.pem").read_bytes())
    file.chmod(0o600)
    return file


def rsa(folder, name, bits):
    """(file, private key, TXT record)"""
    file = pathlib.Path(folder) / (name + ".pem")
    subprocess.run(["openssl", "genrsa", "-traditional", "-out", str(file),
                    str(bits)], check=True, stderr=subprocess.DEVNULL)
    public = subprocess.run(["openssl", "rsa", "-in", str(file), "-pubout",
                             "-outform", "DER"], check=True,
                            stdout=subprocess.PIPE,
                            stderr=subprocess.DEVNULL).stdout
    return file, file.read_bytes(), ("v=DKIM1; k=rsa; p=" +
                                     base64.b64encode(public).decode())


class Clock:
    """What the signer takes for the time module."""

    def __init__(self, at):
        self.time = lambda: at


def sign(keys, message, domain="example.com", selector="rsa",
         canon="relaxed/relaxed", tool="dkimpy", headers=None, at=None,
         length=False):
    """The message with one more signature on top. CRLF in, CRLF out.

    Selectors that begin with "ed" are signed with the Ed25519 key. `at`: when
    it is signed, if not now. `selector` goes into the field as it is, so it
    may bring a tag more.
    """
    if tool == "opendkim":
        return opendkim(keys, message, domain, selector)
    ed = selector.startswith("ed")
    dkim.time = Clock(at) if at else time
    field = dkim.sign(
        message, selector.encode(), domain.encode(),
        keys.weak if selector == "weak" else keys.ed if ed else keys.rsa,
        canonicalize=tuple(c.encode() for c in canon.split("/")),
        signature_algorithm=b"ed25519-sha256" if ed else b"rsa-sha256",
        include_headers=headers or present(message), length=length)
    dkim.time = time
    return field + message


def seal(keys, message, results, domain, selector="rsa"):
    """The message with one more ARC set (RFC 8617), whose sealer saw these
    results. dkimpy needs python3-authres for it: can_seal()."""
    stamp = "Authentication-Results: %s; %s\r\n" % (domain, results)
    message = stamp.encode() + message
    fields = dkim.arc_sign(message, selector.encode(), domain.encode(),
                           keys.rsa, domain.encode(),
                           include_headers=present(message))
    return b"".join(fields) + message


def can_seal():
    try:
        import authres
    except ImportError:
        return False
    return authres is not None


def present(message):
    head = b"\r\n" + message.split(b"\r\n\r\n", 1)[0].lower()
    return [name for name in SIGNED if b"\r\n" + name + b":" in head]


def opendkim(keys, message, domain, selector):
    """opendkim-testmsg knows only rsa-sha1, which RFC 8301 forbids."""
    done = subprocess.run(["opendkim-testmsg", "-C", "-d", domain, "-s",
                           selector, "-k", str(keys.rsa_file)], check=True,
                          input=message, stdout=subprocess.PIPE)
    return done.stdout
