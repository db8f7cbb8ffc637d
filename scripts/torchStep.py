#!/usr/bin/env python3
"""The benchmark's training step in PyTorch, for a row beside `npm run headless -- bench` on the same machine.

    python3 scripts/torchStep.py --channels 32 --width 64 --batch 256 --device cuda

UNet (Little, bilinear), a frozen ResNet-18 with batch-norm folded, the official recipe: labels from the victim on normalised
pixels, BCE on the softmax of the victim on the transformed ones, two-view SupCon, SGD with momentum and weight decay. Prints one
JSON object a precision: fp32, and on a GPU TF32 too. Needs PyTorch 1.12 or later and nothing else.
"""

import argparse
import json
import statistics
import time

import torch
import torch.nn.functional as F
from torch import nn

CLASSES, SIZE, TEMPERATURE, WEIGHT = 10, 32, 0.07, 0.1


class DoubleConv(nn.Sequential):
    def __init__(self, inputs, outputs, middle=None):
        middle = middle or outputs
        super().__init__(
            nn.Conv2d(inputs, middle, 3, padding=1),
            nn.BatchNorm2d(middle),
            nn.ReLU(inplace=True),
            nn.Conv2d(middle, outputs, 3, padding=1),
            nn.BatchNorm2d(outputs),
            nn.ReLU(inplace=True),
        )


class UNet(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.inc = DoubleConv(3, c)
        self.down = nn.ModuleList(
            DoubleConv(a * c, b * c) for a, b in [(1, 2), (2, 4), (4, 8), (8, 8)]
        )
        self.up = nn.ModuleList(
            DoubleConv(2 * a * c, b * c, a * c) for a, b in [(8, 4), (4, 2), (2, 1), (1, 1)]
        )
        self.outc = nn.Conv2d(c, 3, 1)

    def forward(self, x):
        skips = [self.inc(x)]
        for block in self.down:
            skips.append(block(F.max_pool2d(skips[-1], 2)))
        y = skips.pop()
        for block in self.up:
            y = F.interpolate(y, scale_factor=2, mode="bilinear", align_corners=True)
            y = block(torch.cat([skips.pop(), y], 1))
        return self.outc(y)


class Block(nn.Module):
    """A basic block with its batch-norms folded: convolutions with biases."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1)
        self.shortcut = nn.Conv2d(inputs, outputs, 1, stride) if stride > 1 or inputs != outputs else None

    def forward(self, x):
        y = self.conv2(F.relu(self.conv1(x)))
        return F.relu(y + (self.shortcut(x) if self.shortcut else x))


class ResNet18(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv1 = nn.Conv2d(3, width, 3, 1, 1)
        blocks, inputs = [], width
        for stage in range(4):
            for index in range(2):
                outputs = width * 2**stage
                blocks.append(Block(inputs, outputs, 2 if stage > 0 and index == 0 else 1))
                inputs = outputs
        self.blocks = nn.Sequential(*blocks)
        self.linear = nn.Linear(inputs, CLASSES)

    def forward(self, x):
        return self.linear(self.blocks(F.relu(self.conv1(x))).mean((2, 3)))


def supcon(images, labels):
    z = F.normalize(images.flatten(1))
    z = torch.cat([z, z])
    labels = torch.cat([labels, labels])
    others = ~torch.eye(len(z), dtype=torch.bool, device=z.device)
    logits = z @ z.T / TEMPERATURE
    logits = logits - logits.max(1, keepdim=True).values.detach()
    total = (logits.exp() * others).sum(1, keepdim=True).log()
    positive = (labels[:, None] == labels[None, :]) & others
    return -(((logits - total) * positive).sum(1) / positive.sum(1).clamp(min=1)).mean()


class Step:
    def __init__(self, args):
        torch.manual_seed(1)
        device = args.device
        self.unet = UNet(args.channels).to(device).train()
        self.victim = ResNet18(args.width).to(device).eval()
        for parameter in self.victim.parameters():
            parameter.requires_grad_(False)
        self.optimizer = torch.optim.SGD(self.unet.parameters(), 0.01, momentum=0.9, weight_decay=5e-4)
        order = torch.roll(torch.arange(CLASSES), 1)
        self.map = order.to(device)
        mean = torch.tensor([0.4914, 0.4822, 0.4465], device=device).view(3, 1, 1)
        std = torch.tensor([0.2023, 0.1994, 0.2010], device=device).view(3, 1, 1)
        self.x = (torch.rand(args.batch, 3, SIZE, SIZE, device=device) - mean) / std
        if args.channels_last:
            self.unet, self.victim = (n.to(memory_format=torch.channels_last) for n in (self.unet, self.victim))
            self.x = self.x.contiguous(memory_format=torch.channels_last)

    def __call__(self):
        with torch.no_grad():
            labels = self.victim(self.x).argmax(1)
        images = self.unet(self.x).clamp(0, 1)
        p = torch.softmax(self.victim(images), 1)
        # The label map: class j of the victim is called map[j].
        remapped = torch.zeros_like(p).index_add(1, self.map, p)
        loss = F.binary_cross_entropy(remapped, F.one_hot(labels, CLASSES).float())
        loss = loss + WEIGHT * supcon(images, labels)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        return loss


def measure(args, tf32):
    torch.backends.cuda.matmul.allow_tf32 = tf32
    torch.backends.cudnn.allow_tf32 = tf32
    torch.backends.cudnn.benchmark = True
    cuda = args.device.startswith("cuda")
    wait = torch.cuda.synchronize if cuda else lambda: None
    if cuda:
        torch.cuda.reset_peak_memory_stats()
    step = Step(args)
    times = []
    for _ in range(args.steps + args.warmup):
        wait()
        started = time.perf_counter()
        loss = step()
        wait()
        times.append(1000 * (time.perf_counter() - started))
    later = times[args.warmup :]
    return {
        "device": torch.cuda.get_device_name(0) if cuda else f"cpu, {torch.get_num_threads()} threads",
        "torch": torch.__version__,
        "precision": "tf32" if tf32 else "fp32",
        "channelsLast": args.channels_last,
        "channels": args.channels,
        "width": args.width,
        "batch": args.batch,
        "firstStepMs": round(times[0], 2),
        "medianStepMs": round(statistics.median(later), 3),
        "minimumStepMs": round(min(later), 3),
        "peakMegabytes": round(torch.cuda.max_memory_allocated() / 1e6) if cuda else None,
        "loss": loss.item(),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in [("channels", 8), ("width", 8), ("batch", 32), ("steps", 10), ("warmup", 3)]:
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--channels-last", action="store_true")
    args = parser.parse_args()
    for tf32 in [False, True] if args.device.startswith("cuda") else [False]:
        print(json.dumps(measure(args, tf32)))


if __name__ == "__main__":
    main()
