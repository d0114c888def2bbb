"""The flowchart of a mesh."""

from dataclasses import replace

from hybrid_mesh.operate.topology.compare import compare
from hybrid_mesh.operate.topology.graph import Kind, Node, Topology
from hybrid_mesh.operate.topology.mermaid import as_mermaid
from tests.operate.topology.meshes import graph

_LOCAL = """flowchart LR
  n0["trust self-signed<br/>mesh.example.com"]
  subgraph n1["network amsterdam · 10.10.0.0/16"]
    subgraph n3["cluster east · local"]
      n4["gateway east"]
      subgraph n7["ingress public · HTTP 80"]
        n8["route split<br/>/"]
      end
      n9["service echo<br/>demo"]
    end
    n10["group legacy<br/>2 (local)"]
  end
  subgraph n2["network boston · 10.20.0.0/16"]
    subgraph n5["cluster west · local"]
      n6["gateway west"]
    end
  end
  n3 <--> n5
  n10 -.-> n3
  n8 -->|"50 %"| n9
  n8 -->|"50 %"| n10
"""


def test_the_flowchart_of_the_local_stack() -> None:
    assert as_mermaid(graph("local")) == _LOCAL


def test_a_change_is_a_word_and_a_colour() -> None:
    text = as_mermaid(compare(graph("local"), graph("local", lambda mesh: mesh.pop("ingress")), "main"))
    assert '["ingress public · HTTP 80 · removed"]' in text
    assert '-->|"50 %, removed"|' in text
    assert "  class n10,n11,n12 removed\n" in text


def test_a_name_cannot_end_its_label() -> None:
    node = Node("cluster/x", Kind.CLUSTER, '"]\n end; click x "javascript:#<script>`')
    text = as_mermaid(Topology("s", "m", (), (node,), ()))
    assert text == (
        'flowchart LR\n  n0["cluster #quot;]<br/> end; click x #quot;javascript:#35;#lt;script#gt;#96;"]\n'
    )
    assert as_mermaid(replace(graph("local"), nodes=(), edges=())) == "flowchart LR\n"
