"""micropip, which `python3 -m web --allow-network` puts at hand, and which is of no use without a network."""

import json

INSTALL = """
import micropip
await micropip.install("%s")
micropip.__version__
"""


def test_with_a_network_allowed_micropip_installs_a_wheel(new_lab, altered):
    facts = altered.facts()
    altered.replace("site.json", json.dumps(facts | {"allow_network": True}))
    url = altered.serve()
    lab = new_lab(url).open()
    wheel = f"{url.rstrip('/')}/pyodide/pydl_lab-{facts['version']}-py3-none-any.whl"
    answer = lab.exec(INSTALL % wheel)
    assert answer["error"] is None
    assert answer["value"] in {component["version"] for component in facts["components"]}


def test_without_a_network_micropip_is_not_loaded(lab):
    assert "ModuleNotFoundError" in lab.exec("import micropip")["error"]
