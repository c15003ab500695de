"""models and losses: shapes, the normalisation inside, files that can be trusted."""

import math
import urllib.error
import zipfile

import numpy as np
import pytest

from anuralib.learn.checkpoints import save_atomic

torch = pytest.importorskip("torch")

from anuralib.learn import losses, models
from anuralib.learn.prediction import predict

SPECIES = ["AAA", "BBB", "CCC"]


def weights_equal(one, other):
    one, other = one.state_dict(), other.state_dict()
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


@pytest.mark.parametrize("name", ["small_cnn", "templates", "resnet18", "mobilenet_v3_small", "mobilenet_v3_large"])
@pytest.mark.parametrize("size", [(64, 130), (128, 259), (40, 60)])
def test_a_batch_gives_a_logit_a_species(name, size):
    model = models.build_model(name, SPECIES, features={"n_mels": size[0]}).eval()  # templates are as high
    with torch.inference_mode():
        out = model(torch.full((2, 1, *size), -60.0))
    assert out.shape == (2, 3)
    assert torch.isfinite(out).all()
    assert model.species == SPECIES and model.name == name


@pytest.mark.parametrize(("name", "last"), [("resnet50", 2048), ("resnet152", 2048)])
def test_deep_resnets_have_one_channel_and_our_outputs(name, last):
    with torch.device("meta"):  # shapes only: no 60 million numbers to draw
        body = models._from_torchvision(name, 26, pretrained=False)
    assert body.conv1.in_channels == 1
    assert (body.fc.in_features, body.fc.out_features) == (last, 26)


def test_small_cnn_is_small():
    n = sum(p.numel() for p in models.build_model("small_cnn", 26).parameters())
    assert 100_000 < n < 300_000


def test_seed_of_the_weights_and_the_callers_random_state():
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    one, same = models.build_model("small_cnn", 4), models.build_model("small_cnn", 4)
    assert weights_equal(one, same)
    assert not weights_equal(one, models.build_model("small_cnn", 4, seed=1))
    assert torch.equal(before, torch.random.get_rng_state())
    assert one.species == ["species_0", "species_1", "species_2", "species_3"]


def test_the_network_notices_in_which_band_a_call_lies():
    model = models.build_model("small_cnn", 1).eval()
    low, high = torch.full((2, 1, 1, 64, 130), -60.0)
    low[..., 16, 40:60], high[..., 32, 40:60] = 0, 0
    with torch.inference_mode():
        assert abs(float(model(low) - model(high))) > 1e-4


def test_normalisation_is_that_of_the_bands_and_inside_the_network():
    rng = np.random.default_rng(0)
    level, spread = np.linspace(-80, -40, 8), np.linspace(2, 9, 8)
    level[3], spread[3] = -100, 0  # a band that never changes
    values = rng.normal(size=(700, 1, 8, 20)) * spread[:, None] + level[:, None]
    model = models.build_model("small_cnn", 2)
    models.set_normalisation(model, values.astype(np.float32))
    np.testing.assert_allclose(model.mean.flatten(), level, atol=0.3)
    np.testing.assert_allclose(model.std.flatten(), np.where(spread == 0, 1, spread), rtol=0.03)
    assert model.input_shape == (8, 20)
    seen = []
    model.body.register_forward_pre_hook(lambda body, args: seen.append(args[0]))
    model.eval()(torch.from_numpy(values[:200]).float())
    assert abs(float(seen[0].mean())) < 0.05


def test_a_saved_model_comes_back(tmp_path):
    model = models.build_model("small_cnn", SPECIES, seed=3, features={"hop": 256}).eval()
    values = np.random.default_rng(0).normal(-60, 9, (5, 1, 32, 40)).astype(np.float32)
    models.set_normalisation(model, values)
    models.save_model(model, tmp_path / "new" / "model.pt")
    again = models.load_model(tmp_path / "new" / "model.pt")
    assert weights_equal(model, again)
    assert again.species == SPECIES and again.features == model.features
    assert again.features["hop"] == 256 and again.input_shape == (32, 40)
    with torch.inference_mode():
        batch = torch.from_numpy(values)
        assert torch.equal(model(batch), again(batch))
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["model.pt"]


def test_files_that_are_no_models(tmp_path):
    with pytest.raises(FileNotFoundError, match="gone.pt"):
        models.load_model(tmp_path / "gone.pt")
    broken = tmp_path / "broken.pt"
    models.save_model(models.build_model("small_cnn", 2), broken)
    broken.write_bytes(broken.read_bytes()[:2000])
    with pytest.raises(ValueError, match="broken.pt.*damaged"):
        models.load_model(broken)
    torch.save({"a": 1}, tmp_path / "other.pt")
    with pytest.raises(ValueError, match="other.pt holds no model"):
        models.load_model(tmp_path / "other.pt")


def test_a_file_that_would_run_code_is_refused(tmp_path):
    class Trap:
        def __reduce__(self):
            return (exec, ("raise SystemExit('code was run')",))

    torch.save({"weights": Trap()}, tmp_path / "trap.pt")
    with pytest.raises(ValueError, match="trap.pt"):
        models.load_model(tmp_path / "trap.pt")


def changed(path, **parts):
    """A saved model with other parts; None leaves one out, and weights are added to those there are."""
    model = models.build_model("templates", ["A", "B"])
    models.save_model(model, path)
    saved = torch.load(path, weights_only=True)
    for key, value in parts.items():
        saved[key] = saved["weights"] | value if isinstance(value, dict) and key == "weights" else value
        if value is None:
            del saved[key]
    torch.save(saved, path)
    return path


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ({"features": None}, "features"), ({"features": [1]}, "features"), ({"features": {"n_mels": 64}}, "features"),
        ({"features": models.FEATURES | {"n_mels": 10**9}}, "n_mels"),
        ({"features": models.FEATURES | {"sample_rate_hz": 1e12}}, "sample_rate_hz"),
        ({"features": models.FEATURES | {"n_fft": 0}}, "n_fft"), ({"features": models.FEATURES | {"hop": True}}, "hop"),
        ({"features": models.FEATURES | {"band_hz": 3}}, "band_hz"),
        ({"features": models.FEATURES | {"floor_db": math.nan}}, "floor_db"),
        ({"features": models.FEATURES | {"more": 1}}, "features"),
        ({"name": "resnet9000"}, "name must be"), ({"name": ["templates"]}, "name must be"),
        ({"name": "resnet18"}, "is missing"),
        ({"species": 10**9}, "species"), ({"species": "AB"}, "species"), ({"species": ["A", 1]}, "species"),
        ({"species": ["A", "A"]}, "twice"), ({"species": ["A", "x" * 5000]}, "species"), ({"species": []}, "species"),
        ({"species": ["A", "B", "C"]}, r"body.head.1.weight has the shape \(2, 192\), not \(3, 192\)"),
        ({"input_shape": 3}, "input_shape"), ({"input_shape": (64, -1)}, "input_shape"),
        ({"input_shape": (64.0, 10)}, "input_shape"),
        ({"weights": [1]}, "weights"), ({"weights": {"mean": 3}}, "weights"),
        ({"weights": {"more": torch.ones(1)}}, "many"),
        ({"weights": {"std": torch.zeros(1, 1, 1, 1)}}, "std"),
        ({"weights": {"mean": torch.zeros(1, 1, 9, 1)}}, "mean has the shape"),
        ({"weights": {"body.head.1.bias": torch.zeros(1).expand(10**12)}}, "body.head.1.bias has the shape"),
        ({"weights": {"body.head.1.bias": torch.zeros(2, dtype=torch.complex64)}}, "body.head.1.bias is of the type"),
        ({"weights": {"body.head.1.bias": torch.tensor([1.0, math.nan])}}, r"NaN .* \(body.head.1.bias\)"),
        ({"weights": {"body.head.1.bias": torch.tensor([1, 1e300], dtype=torch.float64)}}, "body.head.1.bias"),
        ({"weights": {"body.layers.1.running_var": torch.full((96,), math.inf)}}, "running_var"),
    ],
)  # fmt: skip
def test_a_strangers_model_of_other_parts_is_refused_by_name(tmp_path, parts, told):
    with pytest.raises(ValueError, match=f"x.pt holds no model that can be used: .*{told}") as raised:
        models.load_model(changed(tmp_path / "x.pt", **parts))
    assert len(str(raised.value)) < len(str(tmp_path)) + 400


def test_a_file_that_unpacks_to_more_than_it_has_is_refused_before_it_is_read(tmp_path):
    models.save_model(models.build_model("small_cnn", 2), tmp_path / "a.pt")
    packed = zipfile.ZipFile(tmp_path / "b.pt", "w", zipfile.ZIP_DEFLATED)
    with zipfile.ZipFile(tmp_path / "a.pt") as old, packed as new:
        for name in old.namelist():
            new.writestr(name, bytes(10**8) if name.endswith("data/0") else old.read(name))
    with pytest.raises(ValueError, match=r"b\.pt is not a file saved by anuralib: it unpacks to 10\d{7} bytes"):
        models.load_model(tmp_path / "b.pt")


def test_what_torch_would_not_read_as_an_archive_is_refused(tmp_path):
    """Its older format takes memory for sizes that a file only claims."""
    model = models.build_model("small_cnn", 2)
    models.save_model(model, tmp_path / "a.pt")
    (tmp_path / "b.pt").write_bytes(b"\x80\x02" + (tmp_path / "a.pt").read_bytes())
    torch.save({"name": "small_cnn"}, tmp_path / "c.pt", _use_new_zipfile_serialization=False)
    for name in ("b.pt", "c.pt"):
        with pytest.raises(ValueError, match=f"{name} is not a file saved by anuralib"):
            models.load_model(tmp_path / name)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_network_of_nan_neither_predicts_nor_is_saved(tmp_path, value):
    model = models.build_model("small_cnn", SPECIES)
    with torch.no_grad():
        model.body.layers[1].running_var.fill_(value)  # an infinite variance gives finite outputs
    for act in (lambda: predict(model, np.zeros((1, 1, 64, 130), np.float32)),
                lambda: models.save_model(model, tmp_path / "m.pt")):  # fmt: skip
        with pytest.raises(FloatingPointError, match=r"body.layers.1.running_var"):
            act()
    assert not list(tmp_path.iterdir())


def test_outputs_that_are_no_numbers_are_refused_by_species():
    model = models.build_model("small_cnn", SPECIES)
    with torch.no_grad():
        models.last_layer(model).weight[1] = 3e38
    with pytest.raises(FloatingPointError, match="gives .*(inf|nan) for BBB in row 0"):
        predict(model, np.zeros((2, 1, 64, 130), np.float32))


def test_nothing_is_left_of_a_write_that_failed(tmp_path):
    path = tmp_path / "model.pt"
    path.write_text("old")
    with pytest.raises(Exception, match="pickle|local"):
        save_atomic({"f": lambda: None}, path)
    assert [p.name for p in tmp_path.iterdir()] == ["model.pt"] and path.read_text() == "old"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"name": "resnet9000", "n_species": 2}, "unknown model"),
        ({"n_species": None}, "n_species"),
        ({"n_species": "AAA"}, "n_species"),
        ({"n_species": 0}, "at least one"),
        ({"n_species": ["A", "A"]}, "twice"),
        ({"n_species": 2, "features": {"mels": 3}}, "mels"),
        ({"n_species": 2, "pretrained": True}, "no pretrained"),
    ],
)
def test_build_model_refuses(options, message):
    with pytest.raises(ValueError, match=message):
        models.build_model(**options)


def test_pretrained_weights_out_of_reach(monkeypatch):
    import torchvision

    def offline(*args, **options):
        raise urllib.error.URLError("no route")

    monkeypatch.setattr(torchvision.models, "get_model", offline)
    with pytest.raises(RuntimeError, match="pretrained=False"):
        models.build_model("resnet18", 3, pretrained=True)


def test_pretrained_colours_are_summed(monkeypatch):
    import torchvision

    colour = torchvision.models.resnet18(weights=None).eval()
    monkeypatch.setattr(torchvision.models, "get_model", lambda name, weights: colour)
    kernel = colour.conv1.weight.detach().clone()
    model = models.build_model("resnet18", 3, pretrained=True)
    grey = torch.randn(1, 1, 64, 64)
    expected = torch.nn.functional.conv2d(grey.expand(-1, 3, -1, -1), kernel, None, 2, 3)
    assert torch.allclose(model.body.conv1(grey), expected, atol=1e-5)


def test_weights_from_a_file_are_those_of_torchvision(tmp_path):
    from torchvision.models import resnet18

    zoo = resnet18(weights=None)
    torch.save(zoo.state_dict(), tmp_path / "resnet18-0.pth")
    model = models.build_model("resnet18", ["A", "B"], pretrained=tmp_path / "resnet18-0.pth")
    assert torch.equal(model.body.layer4[1].conv2.weight, zoo.layer4[1].conv2.weight)
    assert torch.equal(model.body.conv1.weight, zoo.conv1.weight.sum(1, keepdim=True))
    with pytest.raises(ValueError, match="resnet18-0.pth holds no weights of resnet34"):
        models.build_model("resnet34", 2, pretrained=tmp_path / "resnet18-0.pth")
    (tmp_path / "page.pth").write_text("<html>", encoding="utf-8")
    with pytest.raises(ValueError, match="page.pth holds no weights"):
        models.build_model("resnet18", 2, pretrained=str(tmp_path / "page.pth"))


def test_a_network_stretches_its_pictures_and_its_file_keeps_that(tmp_path):
    model = models.build_model("small_cnn", ["A", "B"], resize=(32, 40)).eval()
    batch = torch.full((2, 1, 16, 24), -60.0)
    batch[:, :, 4] = 0.0
    stretched = torch.nn.functional.interpolate((batch + 60) / 20, size=(32, 40), mode="bilinear")
    with torch.inference_mode():
        assert torch.equal(model(batch), model.body(stretched))
    models.save_model(model, tmp_path / "model.pt")
    assert models.load_model(tmp_path / "model.pt").resize == (32, 40)
    for wrong in (0, (32,), (0, 40), (32, 10**9)):
        with pytest.raises(ValueError, match="resize must be two whole numbers"):
            models.build_model("small_cnn", 2, resize=wrong)


def test_bce_by_hand_and_where_probabilities_underflow():
    logits = torch.tensor([[0.0, 2.0], [-1.0, 200.0]], requires_grad=True)
    labels = torch.tensor([[1.0, 0.0], [0.0, 0.0]])
    value = losses.bce(logits, labels)
    terms = [math.log(2), math.log1p(math.e**2), math.log1p(math.e**-1), 200.0]
    assert value.item() == pytest.approx(sum(terms) / 4, rel=1e-6)
    value.backward()
    assert torch.allclose(logits.grad, (torch.sigmoid(logits.detach()) - labels) / 4)


def test_get_loss_fills_in_the_counts():
    def weighted(logits, labels, counts):
        return (logits * counts).sum()

    found = losses.get_loss(weighted, counts=np.array([1, 2]), n_windows=9)
    assert float(found(torch.ones(1, 2), None)) == 3
    assert losses.get_loss("bce") is losses.bce
    with pytest.raises(ValueError, match="unknown loss.*bce"):
        losses.get_loss("dice")
    with pytest.raises(ValueError, match="function"):
        losses.get_loss(3)
