# SPDX-License-Identifier: BSD-2-Clause
"""Keys made for one run, and signatures by programs that are not ours."""
import base64
import pathlib
import subprocess

import dkim
import nacl.signing

SIGNED = [b"from", b"to", b"subject", b"date", b"message-id"]


class Keys:
    """One RSA-2048 and one Ed25519 key; a selector publishes one of them."""

    def __init__(self, folder):
        self.rsa_file = pathlib.Path(folder) / "rsa.pem"
        subprocess.run(["openssl", "genrsa", "-traditional", "-out",
                        str(self.rsa_file), "2048"],
                       check=True, stderr=subprocess.DEVNULL)
        self.rsa = self.rsa_file.read_bytes()
        public = subprocess.run(["openssl", "rsa", "-in", str(self.rsa_file),
                                 "-pubout", "-outform", "DER"], check=True,
                                stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL).stdout
        self.rsa_record = ("v=DKIM1; k=rsa; p=" +
                           base64.b64encode(public).decode())
        seed = nacl.signing.SigningKey.generate()
        self.ed = base64.b64encode(bytes(seed))
        self.ed_record = ("v=DKIM1; k=ed25519; p=" +
                          base64.b64encode(bytes(seed.verify_key)).decode())


def sign(keys, message, domain="example.com", selector="rsa",
         canon="relaxed/relaxed", tool="dkimpy", headers=None):
    """The message with one more signature on top. CRLF in, CRLF out.

    Selectors that begin with "ed" are signed with the Ed25519 key.
    """
    if tool == "opendkim":
        return opendkim(keys, message, domain, selector)
    ed = selector.startswith("ed")
    field = dkim.sign(
        message, selector.encode(), domain.encode(),
        keys.ed if ed else keys.rsa,
        canonicalize=tuple(c.encode() for c in canon.split("/")),
        signature_algorithm=b"ed25519-sha256" if ed else b"rsa-sha256",
        include_headers=headers or present(message))
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
