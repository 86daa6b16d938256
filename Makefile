# make            builds build/robmask and build/librobmask.a
# make test       builds and runs the tests                   FILTER='Tape*' picks some of them
# make demo       trains three models on the embedded data and draws the paper's trade-off
# make cifar10    fetches CIFAR-10 into .data/; cifar100 likewise
# make install    copies binary, library and headers below $(DESTDIR)$(PREFIX)
# make example    builds and runs a program with a network of its own against them
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
.PHONY: all announce test test-here demo install example clean help force
all: $(BUILD)/robmask

include build.mk   # what there is to compile, and how
include gpu.mk     # nvcc, the emulator, what runs on a GPU
include checks.mk  # all that is looked at beyond the tests

# ---- programs -------------------------------------------------------------------------------------

$(BUILD)/robmask: $(TOOL_OBJECTS) $(BUILD)/librobmask.a $(BUILD)/sources
	$(call say,link    $@)
	$(Q)$(LINK) -o $@ $(filter %.o %.a,$^) $(LIBS) $(CUDA_LIBS)

$(BUILD)/librobmask.a: $(LIBRARY_OBJECTS) $(CUDA_OBJECTS) $(ISA:%=$(BUILD)/cpu_%.o) $(BUILD)/sources
	$(call say,library $@)
	$(Q)rm -f $@ && $(AR) qcs $@ $(filter %.o,$^)

$(BUILD)/tests: $(TEST_OBJECTS) $(filter-out %/main.o,$(TOOL_OBJECTS)) $(BUILD)/librobmask.a $(BUILD)/sources
	$(call say,link    $@)
	$(Q)$(LINK) -o $@ $(filter %.o %.a,$^) $(LIBS) $(CUDA_LIBS) -lgtest -lgtest_main

$(BUILD)/demo/robmask: $(TOOL_OBJECTS) $(DEMO) $(BUILD)/sources
	$(call say,link    $@)
	$(Q)$(LINK) -o $@ $(filter %.o,$^) $(LIBS)

$(BUILD)/demo/pictures: $(call objects,tools/examples/pictures.cpp) $(DEMO) $(BUILD)/sources
	$(call say,link    $@)
	$(Q)$(LINK) -o $@ $(filter %.o,$^) $(LIBS)

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
EMULATED_SOME := Networks/*/cuda_resnet18:Recipes/*/cuda_robmask:Recipes/*/cuda_pgd_l2
EMULATED_SOME := $(EMULATED_SOME):Replay/*/cuda_robmask:Replay/*/cuda_trades
EMULATED_SOME := $(EMULATED_SOME):Attacks/*Finds*/cuda_autoattack_linf
test: test-here example bench-check $(BUILD)/emulated/tests
	tools/checks/sharded.sh $(BUILD)/emulated/tests --gtest_brief=$(BRIEF) \
	  '--gtest_filter=$(or $(FILTER),Machine/*/cuda*:*GpuEmulator*:$(EMULATED_SOME))'

test-here: $(BUILD)/tests $(BUILD)/robmask
	ROBMASK=$(BUILD)/robmask $(BUILD)/tests --gtest_brief=$(BRIEF) '--gtest_filter=$(or $(FILTER),-Slow*)'

demo: PLAN = what the demo runs, for $(DEMO_ISA): about two minutes on two cores, then two more of training
demo: $(BUILD)/demo/robmask $(BUILD)/demo/pictures | $(BUILD)/packages-demo
	$(Q)ROBMASK=$(BUILD)/demo/robmask PICTURES=$(BUILD)/demo/pictures tools/examples/demo.sh

include data/fetch.mk  # cifar10 and cifar100
cifar10 cifar100: | $(BUILD)/packages-fetch

install: export TO = $(DESTDIR)$(PREFIX)
install: $(BUILD)/robmask
	install -D -m 755 $(BUILD)/robmask "$$TO/bin/robmask"
	install -D -m 644 $(BUILD)/librobmask.a "$$TO/lib/librobmask.a"
	for header in $(wildcard $(addsuffix /*.h,engine layers attacks models data data/files training)); do \
	  install -D -m 644 $$header "$$TO/include/robmask/$$header" || exit 1; done

# Somebody else's program: built against what is installed alone.
EXAMPLE := $(BUILD)/example
example: $(BUILD)/robmask
	+@$(MAKE) --no-print-directory install DESTDIR= PREFIX=$(EXAMPLE) >/dev/null
	$(CXX) -std=c++20 -O1 $(WARNINGS) $(SANITIZE) -I $(EXAMPLE)/include/robmask tools/examples/own_network.cpp \
	  $(EXAMPLE)/lib/librobmask.a $(LIBS) $(CUDA_LIBS) -pthread -o $(EXAMPLE)/own_network
	rm -rf $(EXAMPLE)/run && $(EXAMPLE)/own_network $(EXAMPLE)/run | tee $(EXAMPLE)/printed
	@grep -q '^mask 1: [0-9]* of 50 images stand' $(EXAMPLE)/printed

clean:
	rm -rf $(BUILD)

# Of each file the comment that it begins with.
help:
	@awk 'FNR == 1 { if (NR > 1) print ""; top = 1 } !/^#/ { top = 0 } top { sub(/^# ?/, ""); print }' \
	  Makefile checks.mk gpu.mk
