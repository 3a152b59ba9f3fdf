"""A mail server for the tests: aiosmtpd, with what it is to say in a file that the test writes.

usage: server.py PORT DIRECTORY [CERTIFICATE KEY]
Letters go into DIRECTORY as N.eml; DIRECTORY/say holds the reply to RCPT or DATA, such as "RCPT 550 no such user", used once a line.
"""

import pathlib
import ssl
import sys

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

port, directory = int(sys.argv[1]), pathlib.Path(sys.argv[2])


def say(command):
    """The reply that the test wants to this command, if any."""
    file = directory / "say"
    lines = file.read_text().splitlines() if file.exists() else []
    if lines and lines[0].startswith(command):
        file.write_text("\n".join(lines[1:]))
        return lines[0].split(" ", 1)[1]
    return None


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        reply = say("RCPT")
        if reply is None:
            envelope.rcpt_tos.append(address)
        return reply or "250 OK"

    async def handle_DATA(self, server, session, envelope):
        reply = say("DATA")
        # "DATA CUT" takes the letter and loses the connection before the 250.
        if reply is None or reply == "CUT":
            letter = directory / "letter"
            signed_in = (session.auth_data or b"").decode()
            head = f"X-To: {envelope.rcpt_tos[0]}\r\nX-Tls: {session.ssl is not None}\r\nX-Login: {signed_in}\r\n"
            letter.write_bytes(head.encode() + envelope.content)
            letter.rename(directory / f"{len(list(directory.glob('*.eml'))) + 1}.eml")
        if reply == "CUT":
            server.transport.abort()
        return reply or "250 taken"


def sign_in(server, session, envelope, mechanism, data):
    good = data.login == b"box" and data.password == b"secret"
    return AuthResult(success=good, handled=good, auth_data=data.login)


context = None
if len(sys.argv) > 3:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(sys.argv[3], sys.argv[4])
options = dict(require_starttls=True, tls_context=context, authenticator=sign_in) if context else {}
controller = Controller(Handler(), hostname="127.0.0.1", port=port, **options)
controller.start()
print("ready", flush=True)
sys.stdin.read()
controller.stop()
