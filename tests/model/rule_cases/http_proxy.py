"""Meshes that break the rules of `model.checks.http_proxy`."""

from tests.model.rule_cases.case import Case

URL = "http://proxy.example.com:3128"

HTTP_PROXY = [
    Case("http_proxies_are_urls", {"httpProxy.url": "proxy.example.com:3128"}, "http://", stack="dev"),
    Case("http_proxies_are_urls", {"httpProxy.url": "socks5://proxy:1080"}, "http://", stack="dev"),
    Case("http_proxies_are_urls", {"httpProxy.url": f"{URL}/path"}, "http://", stack="dev"),
    Case(
        "http_proxies_are_urls",
        {"httpProxy.url": "http://me:secret@proxy.example.com"},
        "by their addresses",
        value="(not shown)",
        stack="dev",
    ),
    Case(
        "hosts_without_proxy_are_names_or_cidrs",
        {"httpProxy": {"url": URL, "noProxy": [".corp", "a,b"]}},
        "one in each entry",
        path="httpProxy.noProxy.1",
        value="a,b",
        stack="dev",
    ),
    Case("local_vms_have_no_http_proxy", {"httpProxy": {"url": URL}}, "Leave it out", value=URL),
]
