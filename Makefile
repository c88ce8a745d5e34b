# The commands of this repository. Each but `setup`, `clean` and `help` runs in the environment `.venv`,
# which `setup` makes and every command first brings up to date (a fraction of a second if it is).

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-core test-ros bench lint clean

VENV := $(CURDIR)/.venv
# A sourced ROS distribution is compiled for one Python: the machine's python3.
PYTHON ?= $(if $(ROS_DISTRO),python3,$(or $(shell command -v python3.11),python3))
# OpenCV with CSRT, which the benchmark compares with; no other environment may come into it (-I).
CSRT := .venv-opencv
RUN := env PATH="$(VENV)/bin:$(PATH)" \
	AMENT_PREFIX_PATH="$(VENV):$(AMENT_PREFIX_PATH)" \
	LD_LIBRARY_PATH="$(VENV)/lib:$(LD_LIBRARY_PATH)"

help:  ## This list
	@sed -n 's/^\([a-z-]*\):.*##  *\(.*\)/make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

setup:  ## The environment: packages, message code; again only where something changed
	@$(PYTHON) bare/setup_environment.py

demo: setup  ## A tracker (TRACKER=, VARIANT=) over ROS 2. On your video: VIDEO=<file|folder|camera> INIT=x,y,w,h
	@$(RUN) python -m tadt_tracking.demo $(if $(TRACKER),--tracker "$(TRACKER)") \
		$(if $(VARIANT),--variant "$(VARIANT)") \
		$(if $(VIDEO),--video "$(VIDEO)") $(if $(INIT),--init "$(INIT)")

test: setup  ## All tests; fails if any part fails
	@core=0; $(MAKE) --no-print-directory test-core || core=$$?; \
	$(MAKE) --no-print-directory test-ros && exit $$core

test-core: setup  ## Tests of the tracker, without ROS
	@$(RUN) python -m pytest test/core

test-ros: setup  ## Tests of the nodes, over real DDS
	@$(RUN) python -m pytest test/ros

bench: setup $(CSRT)/made  ## Speed, accuracy on ../shared/sequences, and what the node adds; about an hour
	@$(RUN) python -m tadt_tracking.evaluation bench
	@$(RUN) python -m tadt_tracking.ros.bench

$(CSRT)/made: requirements/opencv_baseline.txt
	@echo "environment with OpenCV's CSRT ..."
	@$(PYTHON) -I -m venv --clear $(CSRT)
	@$(CSRT)/bin/python -I -m pip install --no-compile --disable-pip-version-check -qq -r $<
	@touch $@

lint: setup  ## Style and format
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .

clean:  ## Removes everything that the commands above made
	rm -rf .venv .venv.lock $(CSRT) build install log out .pytest_cache .ruff_cache .mypy_cache
