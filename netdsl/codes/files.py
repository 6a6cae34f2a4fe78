"""N7: files, weights, images, and the machine that runs a network."""

from __future__ import annotations

from netdsl.codes.entry import Code

CODES: dict[str, Code] = {
    # ------------------------------------------------------------------------------------------------ output files
    "N701": Code(
        "the output cannot be written there",
        """
The place given with `-o` is a folder, stands in a folder that does not exist, or is a link that leads into another
folder. Nothing was written.

Wrong:

    netdsl compile googlenet.net -o build/googlenet.py    # there is no folder build

Right:

    mkdir build && netdsl compile googlenet.net -o build/googlenet.py
""",
    ),
    "N702": Code(
        "the output file was not written by netdsl",
        """
A file of that name is there, and it does not say `Written by netdsl` near its top: somebody wrote it by hand, or
edited the first lines of an emitted module. netdsl overwrites only what it wrote itself.

Wrong:

    netdsl compile googlenet.net -o train.py

Right:

    netdsl compile googlenet.net -o googlenet.py
    netdsl compile googlenet.net -o train.py --force    # train.py is lost
""",
    ),
    "N703": Code(
        "the output would replace the input",
        """
The output is the very file that is being read, perhaps under another name or through a link. Not even `--force`
does that.

Wrong:

    netdsl compile googlenet.net -o googlenet.net

Right:

    netdsl compile googlenet.net -o googlenet.py
""",
    ),
    "N704": Code(
        "the output would hide a Python module",
        """
Python looks in the folder of a program before it looks among the installed packages. A file called torch.py would be
found in place of PyTorch by every program in that folder, the emitted module first of all. The same goes for the
modules of the standard library.

Wrong:

    netdsl compile torch.net -o torch.py

Right:

    netdsl compile torch.net -o torch_net.py
""",
    ),
    "N705": Code(
        "a file could not be written",
        """
The operating system refused: no permission, a full disk, a file system that is mounted read-only. What stood there
before is still there, whole: output goes to a temporary file beside the target, which takes its place only at the end.
""",
    ),
    "N706": Code(
        "a file could not be read",
        """
There is no such file, or it is a folder, or the operating system does not let you read it.

Wrong:

    netdsl run googlenet.net --image cat    # the file is called cat.jpg

Right:

    netdsl run googlenet.net --image cat.jpg
""",
    ),
    "N707": Code(
        "a plugin could not be imported",
        """
`--plugin module` imports a Python module that registers operators of your own (`@netdsl.operator`). That module could
not be found, or raised an error while it was imported; the note says which. Modules are found as Python finds them:
in the present folder, then among the installed packages.

Wrong:

    netdsl check capsule.net --plugin my_operators.py

Right:

    netdsl check capsule.net --plugin my_operators
""",
    ),
    "N708": Code(
        "the operating system refused",
        """
Something that every program needs was not to be had: the disk under standard output is full, the present folder was
removed, too many files are open. The message is the system's own; nothing was left half written.

Wrong:

    netdsl compile googlenet.net > /dev/full

Right:

    netdsl compile googlenet.net > googlenet.py
""",
    ),
    # ----------------------------------------------------------------------------------------------------- weights
    "N711": Code(
        "this is not a file of weights, or it is damaged",
        """
`--weights` takes a `.safetensors` file or what `torch.save(module.state_dict(), path)` wrote. The file is empty, cut
short, or something else: a web page saved under that name is the usual case.

Wrong:

    netdsl run resnet.net --net resnet18 --weights resnet18.html

Right:

    netdsl run resnet.net --net resnet18 --weights resnet18.safetensors
""",
    ),
    "N712": Code(
        "the file of weights holds more than tensors",
        """
A `.pt` file is a Python pickle, and a pickle can run any program when it is opened. netdsl opens it in the mode that
allows tensors and plain containers only, and never in another: this file asks for something else, most often because a
whole module was saved instead of its state_dict.

Wrong:

    torch.save(model, "resnet18.pt")

Right:

    torch.save(model.state_dict(), "resnet18.pt")

Better:

    safetensors.torch.save_model(model, "resnet18.safetensors")
""",
    ),
    "N713": Code(
        "the file of weights is larger than the network",
        """
The file holds, or unpacks to, far more than the network's own weights take (1.2 times that and 16 MiB are allowed), or
it is compressed, which `torch.save` never does. It was not opened. Optimizer state saved beside the weights is one
cause; weights of another network are another.

Wrong:

    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, "all.pt")

Right:

    torch.save(model.state_dict(), "weights.pt")
""",
    ),
    "N714": Code(
        "the names in the file of weights are not the network's",
        """
Every tensor of the network must be in the file and the file must hold no other; nothing is left at its random value in
silence. The message lists the first ten of each kind. Names that all begin with `module.` come from a model wrapped in
DataParallel: save `model.module.state_dict()`.
""",
    ),
    "N715": Code(
        "a tensor in the file of weights has another shape or type",
        """
The names agree and a shape does not: most often another number of classes or another width. `--set` gives a network's
parameters. Types must be floating where the network's are; half precision is widened.

Wrong:

    netdsl run resnet.net --net resnet18 --weights ten_classes.safetensors

Right:

    netdsl run resnet.net --net resnet18 --set classes=10 --weights ten_classes.safetensors
""",
    ),
    "N716": Code(
        "a tensor in the file of weights is not what it claims",
        """
A tensor claims more elements than the file stores for it, is sparse, or the file names one tensor twice. Such files
are made by hand; an ordinary `torch.save` or safetensors file never looks like that.
""",
    ),
    "N717": Code(
        "the file of weights holds NaN or infinity",
        """
Some weights are not finite numbers: the training that wrote them diverged, or half precision overflowed. The network
would answer NaN to every image.
""",
    ),
    # ------------------------------------------------------------------------------------------------------ images
    "N721": Code(
        "this is not an image that can be read",
        """
`--image` takes PNG, JPEG, BMP and WebP files. The file is empty, cut short, or of another kind; its ending does not
matter, its content does.

Wrong:

    netdsl run --image cat.gif

Right:

    netdsl run --image cat.jpg
""",
    ),
    "N722": Code(
        "the image is too large",
        """
An image may take 64 MiB as a file and 40 million pixels unpacked. Scale it down first: the network sees a few hundred
pixels a side in any case.
""",
    ),
    "N723": Code(
        "the network does not take an image",
        """
An image can be given to a network with one input of the shape channels x height x width, where channels is 1 (grey) or
3 (red, green, blue). Without `--image` the network runs on random numbers.

Wrong:

    netdsl run siamese.net --image cat.jpg    # two inputs

Right:

    netdsl run siamese.net
""",
    ),
    # ------------------------------------------------------------------------------------------------- the machine
    "N731": Code(
        "there is no GPU to run on",
        """
`--cuda` needs an NVIDIA GPU that PyTorch can use: a driver, and a build of PyTorch with CUDA. `netdsl doctor` prints
what was found.

Wrong:

    netdsl run googlenet.net --cuda    # on a laptop without an NVIDIA GPU

Right:

    netdsl run googlenet.net
""",
    ),
    "N732": Code(
        "a package for running networks is missing",
        """
Checking, counting and compiling need no PyTorch; running does, with safetensors and Pillow for weights and images.

Wrong:

    pip install netdsl && netdsl run

Right:

    pip install 'netdsl[run]'
""",
    ),
    "N733": Code(
        "there is not enough memory",
        """
The weights and the values of one forward pass would take more than four fifths of the memory that is free. Nothing was
allocated. A smaller `--batch`, or a smaller `--input` where the network's extents are symbols, takes less.

Wrong:

    netdsl run unet.net --batch 512

Right:

    netdsl run unet.net --batch 1
""",
    ),
    "N734": Code(
        "an extent of the input has no value",
        """
The network was written for inputs of any size (`input image: [3, H, W]`), and a run or a plan needs one.

Wrong:

    netdsl run segment.net

Right:

    netdsl run segment.net --input image=3x256x256
""",
    ),
    "N735": Code(
        "the kernels of this process cannot be interpreted",
        """
Without a GPU, proofs run the kernels in Triton's interpreter, and a process decides that once, before the kernels are
first imported. This one has imported them for a GPU. The command is always a process of its own.

Wrong:

    network.module().cuda()(x)    # imports the kernels, for the GPU
    network.verify()

Right:

    network.verify(cuda=True)
""",
    ),
    # ---------------------------------------------------------------------------------------------------- pictures
    "N741": Code(
        "the picture could not be laid out",
        """
Graphviz finds the places of a picture's boxes. It comes with netdsl, in the package `pygraphviz`; where that is missing
a program `dot` serves, if there is one. Neither was found, or `dot` failed or took too long. The trees and texts of a
diagram need neither.

Wrong:

    netdsl draw resnet.net --net resnet18 -o resnet18.svg    # after pip uninstall pygraphviz

Right:

    netdsl draw resnet.net --net resnet18 -o resnet18.mmd
""",
    ),
}
