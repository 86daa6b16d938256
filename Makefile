# make            builds build/robmask and build/librobmask.a
# make test       builds and runs the tests                   FILTER='Tape*' picks some of them
# make demo       trains three models on the embedded data and draws the paper's trade-off
# make cifar10    fetches CIFAR-10 into .data/; cifar100 likewise
# make static     builds build/static/robmask, which needs no file beside it (without the GPU)
# make install    copies binary, library and headers below $(DESTDIR)$(PREFIX); uninstall removes them
# make examples   builds four small programs against them, by pkg-config and by CMake, and runs them
# make clean      removes build/
#
# Every target first looks for the packages it needs and installs the missing ones, or says how.
# Where nvcc is found, the GPU is built in; without one, `make test` still runs the GPU's kernels, on
# the emulator (docs/emulator.md). Variables: CXX, OPTIMIZE, EXTRA (more flags), BUILD, PREFIX, DESTDIR,
# NVCC (empty: no GPU), CUDA_ARCH (90a; all: what we ship; default: the GPU found here), V=1 (show
# commands), BRIEF=0 (name every test). All cores compile unless -jN says otherwise.

CXX      := $(if $(filter default,$(origin CXX)),g++,$(CXX))
LD       ?= ld
OBJCOPY  ?= objcopy
BUILD    ?= build
ifneq ($(words $(BUILD)),1)
$(error BUILD: expected a folder without spaces, at which make would split it, got "$(BUILD)")
endif
PREFIX   ?= /usr/local
OPTIMIZE ?= -O3 -DNDEBUG
BRIEF    ?= 1
PYTHON   ?= $(firstword $(wildcard /usr/bin/python3) python3)

ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc)
endif
# Goals that change what others read come one after the other.
ifneq ($(filter clean format golden,$(MAKECMDGOALS)),)
.NOTPARALLEL:
endif
say = @$(if $(V),,echo "  $(1)";)
Q   := $(if $(V),,@)

.SUFFIXES:
.DELETE_ON_ERROR:
.PHONY: all announce test test-here demo static install uninstall examples clean help force
all: $(BUILD)/robmask

include build.mk   # what there is to compile, and how
include gpu.mk     # nvcc, the emulator, what runs on a GPU
include checks.mk  # all that is looked at beyond the tests
include course.mk  # ladders, lessons, and what they are checked by

# ---- programs -------------------------------------------------------------------------------------

$(BUILD)/robmask: $(TOOL_OBJECTS) $(PACKABLE) $(BUILD)/librobmask.a $(BUILD)/sources
	$(call say,link    $@)
	$(Q)$(LINK) -o $@ $(filter %.o %.a,$^) $(LIBS) $(CUDA_LIBS)

$(BUILD)/librobmask.a: $(LIBRARY_OBJECTS) $(CUDA_OBJECTS) $(ISA:%=$(BUILD)/cpu_%.o) $(BUILD)/sources
	$(call say,library $@)
	$(Q)rm -f $@ && $(AR) qcs $@ $(filter %.o,$^)

$(BUILD)/static/robmask: $(TOOL_OBJECTS) $(PACKABLE) $(STATIC) $(ISA:%=$(BUILD)/cpu_%.o) $(BUILD)/sources
	$(call say,link    $@)
	$(Q)$(LINK) -static -s -o $@ $(filter %.o,$^) $(OWN_LIBS)

# Of robmask's objects those that say which commands there are stay out; of the others the linker takes
# what is called.
$(BUILD)/classify: $(call objects,$(CLASSIFY)) $(filter-out %/commands.o,$(TOOL_OBJECTS)) $(STATIC) \
                   $(ISA:%=$(BUILD)/cpu_%-f32.o) $(BUILD)/sources
	$(call say,link    $@)
	$(Q)$(LINK) -static -s -o $@ $(filter %.o,$^) $(OWN_LIBS)

$(BUILD)/tests: $(TEST_OBJECTS) $(filter-out %/main.o,$(TOOL_OBJECTS)) $(BUILD)/librobmask.a $(BUILD)/sources
	$(call say,link    $@)
	$(Q)$(LINK) -o $@ $(filter %.o %.a,$^) $(LIBS) $(CUDA_LIBS) -lgtest -lgtest_main

$(BUILD)/demo/robmask: $(TOOL_OBJECTS) $(DEMO) $(BUILD)/sources
	$(call say,link    $@)
	$(Q)$(LINK) -o $@ $(filter %.o,$^) $(LIBS)

$(BUILD)/demo/pictures: $(call objects,tools/examples/pictures.cpp) $(DEMO) $(BUILD)/sources
	$(call say,link    $@)
	$(Q)$(LINK) -o $@ $(filter %.o,$^) $(LIBS)

static: $(BUILD)/static/robmask

# ---- packages -------------------------------------------------------------------------------------

# Looked for once; again when the list changes or after `make clean`. Installing happens one at a time.
$(BUILD)/packages-%: tools/setup/packages.sh | announce
	@mkdir -p $(@D)
	@CXX='$(CXX)' FUZZ_CXX='$(FUZZ_CXX)' INCLUDES='$(INCLUDES)' PYTHON='$(PYTHON)' tools/setup/packages.sh $* && touch $@
$(BUILD)/packages-test $(BUILD)/packages-demo: | $(BUILD)/packages-build

PLAN = CPU kernels for $(ISA); $(if $(NVCC),GPU kernels for $(CUDA_ARCH),$(WITHOUT_GPU))
announce:
	@echo "robmask: $(CXX) $$($(CXX) -dumpfullversion 2>/dev/null || echo '(not found)'), $(PLAN)"

# ---- what to do with it ---------------------------------------------------------------------------

# What is built in here; then on the emulator, which computes on one core, every kernel and some of the
# networks, recipes and attacks that are made of them.
# `make trajectories` has the rest.
EMULATED_SOME := Networks/*/cuda_resnet18:Recipes/GoldenRecipe*/cuda_robmask:Recipes/*/cuda_pgd_l2
EMULATED_SOME := $(EMULATED_SOME):Replay/*/cuda_robmask
test: test-here examples bench-check course-check $(BUILD)/emulated/tests $(BUILD)/emulated/robmask
	ROBMASK=$(BUILD)/emulated/robmask tools/checks/sharded.sh $(BUILD)/emulated/tests --gtest_brief=$(BRIEF) \
	  '--gtest_filter=$(or $(FILTER),Machine/*/cuda*:*GpuEmulator*:$(EMULATED_SOME))'

test-here: $(BUILD)/tests $(BUILD)/robmask
	ROBMASK=$(BUILD)/robmask $(BUILD)/tests --gtest_brief=$(BRIEF) '--gtest_filter=$(or $(FILTER),-Slow*)'

demo: PLAN = what the demo runs, for $(DEMO_ISA): about two minutes on two cores, then two more of training
demo: $(BUILD)/demo/robmask $(BUILD)/demo/pictures | $(BUILD)/packages-demo
	$(Q)ROBMASK=$(BUILD)/demo/robmask PICTURES=$(BUILD)/demo/pictures tools/examples/demo.sh

include data/fetch.mk  # cifar10 and cifar100
cifar10 cifar100: | $(BUILD)/packages-fetch

# What tools/library/install.sh copies. Programs take from the library what they call.
INSTALLING = BUILD='$(BUILD)' CXX='$(CXX)' INCLUDES='$(INCLUDES)' VERSION='$(VERSION)' \
             LIBS='$(LIBS) $(CUDA_LIBS) -pthread -Wl,--gc-sections'
VERSION   := $(shell sed -n 's/.*version = "\(.*\)".*/\1/p' engine/version.h)
install uninstall: export DESTDIR := $(DESTDIR)
install uninstall: export PREFIX := $(PREFIX)
install: $(BUILD)/robmask
	$(Q)$(INSTALLING) tools/library/install.sh install
uninstall:
	$(Q)$(INSTALLING) tools/library/install.sh uninstall

# Programs of others: built against what is installed alone.
examples: $(BUILD)/robmask | $(BUILD)/packages-test
	+@$(MAKE) --no-print-directory install DESTDIR= PREFIX=$(abspath $(BUILD))/examples/prefix
	$(Q)CXX='$(CXX)' WARNINGS='$(WARNINGS)' SANITIZE='$(SANITIZE)' tools/checks/examples.sh $(BUILD)/examples

clean:
	rm -rf $(BUILD)

# Of each file the comment that it begins with.
help:
	@awk 'FNR == 1 { if (NR > 1) print ""; top = 1 } !/^#/ { top = 0 } top { sub(/^# ?/, ""); print }' \
	  Makefile course.mk checks.mk gpu.mk
