"""What a browser may do with the site: the Content Security Policy and the headers that go with it.

The server sends them with every response, the worker's script included; the builder writes the same policy
into every page as a meta tag, for static hosts that cannot send headers. Both read it here, so they cannot
disagree.
"""

import html

DIRECTIVES = {
    "default-src": "'none'",
    "script-src": "'self' 'wasm-unsafe-eval'",  # Pyodide is WebAssembly; no script is ever made from a string
    "style-src": "'self'",
    "img-src": "'self' data: blob:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "worker-src": "'self' blob: data:",
    "manifest-src": "'self'",
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
NOT_IN_META = {"frame-ancestors"}  # browsers ignore it in a meta tag, and say so on the console
NETWORK = "'self' https:"  # connect-src with --allow-network: package indexes, for micropip.install


def content_security_policy(allow_network: bool = False, meta: bool = False) -> str:
    directives = DIRECTIVES | ({"connect-src": NETWORK} if allow_network else {})
    names = [name for name in directives if not (meta and name in NOT_IN_META)]
    return "; ".join(f"{name} {directives[name]}" for name in names)


def meta_tag(allow_network: bool = False) -> str:
    policy = html.escape(content_security_policy(allow_network, meta=True), quote=False)
    return f'<meta http-equiv="Content-Security-Policy" content="{policy}">'


def headers(allow_network: bool = False) -> dict[str, str]:
    """The headers of every response. The Cross-Origin ones isolate the page, for SharedArrayBuffer."""
    return {
        "Content-Security-Policy": content_security_policy(allow_network),
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Embedder-Policy": "require-corp",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-cache",
    }
