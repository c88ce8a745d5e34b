"""Installs the tracker as a plain Python library, without ROS: `pip install .`.

In a ROS workspace CMakeLists.txt installs the package; both read the version from package.xml.
"""

from pathlib import Path
from xml.etree import ElementTree

from setuptools import find_packages, setup

NAME = "tadt_tracking"
MANIFEST = ElementTree.parse(Path(__file__).parent / "package.xml").getroot()

setup(
    name=NAME,
    version=MANIFEST.findtext("version"),
    description=" ".join(MANIFEST.findtext("description", "").split()),
    license=MANIFEST.findtext("license"),
    maintainer=MANIFEST.find("maintainer").text,
    maintainer_email=MANIFEST.find("maintainer").get("email"),
    packages=find_packages(include=[NAME, f"{NAME}.*"]),
    package_data={f"{NAME}.weights": ["*.safetensors"]},
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{NAME}"]),
        (f"share/{NAME}", ["package.xml"]),
    ],
    python_requires=">=3.10",
    install_requires=["numpy", "onnx", "opencv-python-headless", "safetensors", "torch", "tqdm"],
    extras_require={"openvino": ["nncf", "openvino", "scikit-image"]},
    entry_points={
        "console_scripts": [
            "tadt-eval = tadt_tracking.evaluation.__main__:main",
            "tadt-train = tadt_tracking.training.__main__:main",
            "tadt-weights = tadt_tracking.weights.__main__:main",
        ],
    },
    zip_safe=False,
)
