"""The identity of an alert is the one Prometheus and Alertmanager give it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from watchbill.ingest import fingerprint

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
label_sets = st.dictionaries(texts, texts, max_size=8)


def by_the_book(labels: dict[str, str]) -> str:
    """FNV-1a over all the bytes, one after the other."""
    total = 14695981039346656037
    for name in sorted(labels, key=str.encode):
        for byte in name.encode() + b"\xff" + labels[name].encode() + b"\xff":
            total = ((total ^ byte) * 1099511628211) % 2**64
    return f"{total:016x}"


def test_it_is_the_fingerprint_that_alertmanager_sends():
    """
    For these labels, names long and short, Alertmanager's webhook carries this very fingerprint.
    """
    labels = {
        "alertname": "Deployment",
        "app_kubernetes_io_instance": "eric-oss-common-base",
        "app_kubernetes_io_managed_by": "Helm",
        "app_kubernetes_io_name": "eric-pm-kube-state-metrics",
        "app_kubernetes_io_version": "2.1.0_10",
        "chart": "eric-pm-kube-state-metrics-2.1.0_10",
        "deployment": "eric-log-transformer",
        "instance": "192.168.69.53:8080",
        "job": "eric-pm-kube-state-metrics",
        "kubernetes_name": "eric-pm-kube-state-metrics",
        "kubernetes_namespace": "eric-eo-cm-ci406",
        "namespace": "eric-eo-cm-ci406",
        "severity": "Warning",
    }

    assert fingerprint(labels) == "fbab788ec4c1018b"


def test_no_labels_have_the_fingerprint_of_nothing():
    """
    The empty set has the hash's starting value, as there.
    """
    assert fingerprint({}) == "cbf29ce484222325"


def test_it_has_sixteen_digits_always():
    """
    Leading zeros are written.
    """
    small = next(value for value in map(str, range(1000)) if int(by_the_book({"a": value}), 16) < 2**60)

    assert len(fingerprint({"a": small})) == 16
    assert fingerprint({"a": small}).startswith("0")


def test_the_order_in_which_labels_came_does_not_matter():
    """
    The same labels in another order are the same alert.
    """
    assert fingerprint({"a": "1", "b": "2"}) == fingerprint({"b": "2", "a": "1"})


def test_what_is_name_and_what_is_value_matters():
    """
    Names and values are kept apart, so that moving a letter between them makes another alert.
    """
    assert fingerprint({"ab": "c"}) != fingerprint({"a": "bc"})


def test_long_values_count_to_their_end():
    """
    Two alerts that differ after a thousand letters are two.
    """
    long = "x" * 1000

    assert fingerprint({"a": long + "1"}) == by_the_book({"a": long + "1"})
    assert fingerprint({"a": long + "1"}) != fingerprint({"a": long + "2"})


@given(label_sets)
def test_remembered_steps_give_the_hash_of_the_bytes(labels):
    """
    For all labels, in any script, the quick way gives what hashing every byte gives, the first time and again.
    """
    assert fingerprint(labels) == by_the_book(labels)
    assert fingerprint(labels) == by_the_book(labels)
