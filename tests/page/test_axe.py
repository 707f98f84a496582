"""No serious or critical finding of axe, in either theme, with everything opened."""

import pytest
from axe_playwright_python.sync_playwright import Axe

def findings(page, **options):
    results = Axe().run(page.page, options={"resultTypes": ["violations"]} | options).response["violations"]
    return [f"{found['id']} {node['target']} {node['failureSummary'][:200]}"
            for found in results if found["impact"] in ("serious", "critical") for node in found["nodes"][:5]]


@pytest.mark.parametrize("kind", ["quick", "two-machines", "hostile", "many-cpus", "nothing-ok"])
def test_nothing_serious(fresh, kind):
    # axe is a script of its own, which the page's policy would not let in.
    page = fresh(kind, color_scheme="light", bypass_csp=True)
    page.open_all()
    assert findings(page) == [], "light"
    page.page.emulate_media(color_scheme="dark")
    # Themes differ in colours only.
    assert findings(page, runOnly=["color-contrast"]) == [], "dark"


def test_what_is_serious_is_found(fresh):
    """The test above can fail."""
    page = fresh("no-blocks", color_scheme="dark", bypass_csp=True)
    page.evaluate("""() => {
        document.querySelector('main').append(document.createElement('button'));
        document.querySelector('h2').style.color = '#333';
    }""")
    assert any("button-name" in found for found in findings(page))
    assert any("color-contrast" in found for found in findings(page, runOnly=["color-contrast"]))
