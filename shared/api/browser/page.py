"""The page for logging in: no script, nothing from elsewhere, light and dark as the reader's system is."""

from base64 import b64encode
from hashlib import sha256
from html import escape
from typing import Final

from starlette.responses import HTMLResponse

_STYLE: Final = """
:root { color-scheme: light dark; --ground: #f4f1ea; --card: #fffdf8; --ink: #23201b; --quiet: #6a6358;
  --line: #8d8577; --accent: #1f5c57; --on-accent: #ffffff; --wrong: #a3261b; --wrong-ground: #fbe9e5; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #171512; --card: #221f1b; --ink: #f0ebe1; --quiet: #b3aa9b; --line: #7d7568;
    --accent: #7cc7bd; --on-accent: #10201e; --wrong: #ffb4a6; --wrong-ground: #43201a; } }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem;
  background: var(--ground); color: var(--ink); font: 1rem/1.55 system-ui, sans-serif; }
main { width: min(25rem, 100%); padding: 2.5rem 2rem 2rem; border-radius: 1rem;
  background: linear-gradient(var(--accent) .375rem, var(--card) .375rem);
  box-shadow: 0 1rem 3rem rgb(0 0 0 / 12%); }
.mark { margin: 0; color: var(--accent); font-weight: 650; letter-spacing: .02em; }
h1 { margin: .25rem 0 1rem; font-size: 1.6rem; line-height: 1.2; font-weight: 650; }
p { margin: 0 0 1.25rem; color: var(--quiet); }
.wrong { padding: .7rem .9rem; border-radius: .5rem; color: var(--wrong); background: var(--wrong-ground); }
label { display: block; margin-bottom: .4rem; font-weight: 600; }
input[type=password] { width: 100%; padding: .7rem .8rem; font: inherit; color: inherit;
  background: var(--ground); border: 1px solid var(--line); border-radius: .5rem; }
button, .go { display: block; width: 100%; margin-top: 1.1rem; padding: .75rem; font: inherit;
  font-weight: 650; text-align: center; text-decoration: none; cursor: pointer; color: var(--on-accent);
  background: var(--accent); border: 1px solid var(--accent); border-radius: .5rem; }
button.quiet { color: var(--accent); background: none; }
button:hover, .go:hover { filter: brightness(1.08); }
:focus-visible { outline: .2rem solid var(--accent); outline-offset: .15rem; }
"""
_POLICY: Final = (
    "default-src 'none'; style-src 'sha256-{style}'; img-src data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} – Reelwright</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
<main>
<p class="mark">Reelwright</p>
<h1>{title}</h1>
{content}
</main>
</body>
</html>
"""
_FORM: Final = """{wrong}<p id="about">Use the token that this server was given as API_TOKEN.</p>
<form method="post" action="{action}">
<input type="hidden" name="next" value="{next}">
<input type="text" value="reelwright" autocomplete="username" hidden>
<label for="token">Token</label>
<input id="token" name="token" type="password" autocomplete="current-password" autocapitalize="off"
  spellcheck="false" required autofocus aria-describedby="{described}"{invalid}>
<button type="submit">Log in</button>
</form>"""
_INSIDE: Final = """<p>This browser may use the server until the session ends, a day after its login.</p>
<a class="go" href="{next}">Go on</a>
<form method="post" action="{action}"><button class="quiet" type="submit">Log out</button></form>"""
_OPEN: Final = """<p>No token is needed: API_TOKEN is unset, so the server answers this machine only.</p>
<a class="go" href="{next}">Go on</a>"""


def form_page(action: str, wanted: str, *, wrong: str = "", status: int = 200) -> HTMLResponse:
    """The form, which is sent to `action` and then leads to `wanted`. `wrong` is a sentence about the last
    attempt."""
    found = f'<p class="wrong" id="wrong" role="alert">{escape(wrong)}</p>\n' if wrong else ""
    content = _FORM.format(
        wrong=found,
        action=escape(action),
        next=escape(wanted),
        described="wrong about" if wrong else "about",
        invalid=' aria-invalid="true"' if wrong else "",
    )
    return _page("Log in", content, status)


def inside_page(action: str, wanted: str) -> HTMLResponse:
    """For somebody who is logged in; `action` logs out."""
    return _page("You are logged in", _INSIDE.format(action=escape(action), next=escape(wanted)))


def open_page(wanted: str) -> HTMLResponse:
    """For a server without a token."""
    return _page("Nothing to log in to", _OPEN.format(next=escape(wanted)))


def _page(title: str, content: str, status: int = 200) -> HTMLResponse:
    style = b64encode(sha256(_STYLE.encode()).digest()).decode("ascii")
    headers = {
        "Content-Security-Policy": _POLICY.format(style=style),
        "Referrer-Policy": "same-origin",  # with no-referrer, browsers send forms with `Origin: null`
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    return HTMLResponse(_PAGE.format(title=title, style=_STYLE, content=content), status, headers)
