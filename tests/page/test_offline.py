"""A page asks nobody for anything, breaks nothing, and lets nothing run but what it was made with."""

import base64
import hashlib
import re


def test_no_request_no_message_no_error_no_violation(read_only, kind):
    page = read_only(kind)
    page.open_all()
    assert page.troubles() == []


def test_what_is_refused_is_seen(fresh):
    """The test above can fail."""
    page = fresh("verdicts")
    page.evaluate("""() => {
        document.body.append(Object.assign(document.createElement('img'), { src: 'https://example.org/a.png' }));
        console.log('said');
        setTimeout(() => { throw new Error('broken'); });
    }""")
    page.page.wait_for_timeout(200)
    troubles = " ".join(page.troubles())
    assert "said" in troubles and "broken" in troubles and "img-src" in troubles


def policy(text):
    head = re.search(r'<meta http-equiv="Content-Security-Policy" content="([^"]+)"', text)
    return dict(part.strip().split(" ", 1) for part in head[1].split(";"))


def test_the_policy_lets_in_what_is_there_and_nothing_else(pages, kind):
    text = pages(kind).text
    directives = policy(text)
    for tag, directive in [("script", "script-src"), ("style", "style-src")]:
        contents = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL)
        hashes = [base64.b64encode(hashlib.sha256(content.encode()).digest()).decode() for content in contents]
        assert directives[directive] == " ".join(f"'sha256-{digest}'" for digest in hashes)
        assert len(re.findall(rf"<{tag}\b", text)) == 1
    assert directives["default-src"] == directives["base-uri"] == directives["form-action"] == "'none'"
    assert directives["trusted-types"] == "'none'" and directives["require-trusted-types-for"] == "'script'"
    assert directives["img-src"] == "data:"


def test_the_policy_stands_before_all_that_it_governs(pages, kind):
    text = pages(kind).text
    at = text.index("Content-Security-Policy")
    assert at < text.index("<style>") < text.index("<script>") and at < 1024


def test_no_markup_is_made_of_text_by_the_script(pages):
    script = re.search(r"<script>(.*?)</script>", pages("verdicts").text, re.DOTALL)[1]
    forbidden = ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "setHTML"]
    assert [word for word in forbidden if word in script] == []


def test_nothing_is_styled_or_scripted_by_attributes(read_only, kind):
    """But for what opening all folds sets on sections."""
    assert read_only(kind).evaluate("""() => {
        const attributes = (element) => element.getAttributeNames().map((name) => element.tagName + ' ' + name);
        const all = Array.from(document.querySelectorAll('*'), attributes).flat();
        return all.filter((name) => / (style|on.*)$/.test(name) && name !== 'SECTION style');
    }""") == []
