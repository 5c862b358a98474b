"""The device that is not there: it computes like the CPU, and refuses what a GPU refuses."""

import pytest
import torch

from pretended_device import DEVICE, PretendedTensor, pretended_device


def test_it_computes_like_the_cpu_with_gradients_and_optimizers() -> None:
    def trained(device: str) -> torch.Tensor:
        torch.manual_seed(0)
        layer, inputs = torch.nn.Linear(4, 2), torch.randn(3, 4)
        layer, inputs = layer.to(device), inputs.to(device)
        optimizer = torch.optim.AdamW(layer.parameters(), lr=0.1)
        layer(inputs).square().sum().backward()
        optimizer.step()
        return layer.weight.detach().cpu()

    with pretended_device() as device:
        there = trained(device)
    torch.testing.assert_close(there, trained("cpu"), rtol=0, atol=0)


def test_what_is_made_there_stays_there_and_can_be_read() -> None:
    with pretended_device() as device:
        values = torch.arange(6.0, device=device).reshape(2, 3)
        made = [values[0], values.new_tensor([1.0]), torch.tensor([2, 3], device=device)]
        assert all(isinstance(tensor, PretendedTensor) for tensor in made)
        assert all(tensor.device.type == DEVICE for tensor in made)
        assert values.tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
        assert values.sum().item() == 15.0 and type(values.cpu()) is torch.Tensor
        values[1] = torch.tensor(7.0)
        assert values.cpu()[1].tolist() == [7.0, 7.0, 7.0]


def test_tensors_of_two_devices_do_not_mix_but_numbers_do() -> None:
    with pretended_device() as device:
        there, here = torch.ones(3, device=device), torch.ones(3)
        with pytest.raises(RuntimeError, match="aten::add: tensors on two devices"):
            there + here
        with pytest.raises(RuntimeError, match="two devices"):
            torch.cat([there, here])
        with pytest.raises(RuntimeError, match="two devices"):
            here[there > 0]
        assert there[here > 0].tolist() == [1.0, 1.0, 1.0]
        assert (there + torch.tensor(1.0)).tolist() == [2.0, 2.0, 2.0]


def test_random_numbers_of_the_cpu_and_arrays_are_refused() -> None:
    with pretended_device() as device:
        with pytest.raises(RuntimeError, match="a generator of the CPU"):
            torch.rand(3, generator=torch.Generator(), device=device)
        with pytest.raises((RuntimeError, TypeError)):
            torch.ones(3, device=device).numpy()
