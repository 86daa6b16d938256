# make            builds build/robmask and build/librobmask.a
# make test       builds and runs the fast tests        make asan      the same under sanitizers
# make demo       trains three models on the embedded data and draws the paper's trade-off
# make bench      speed of this machine                 make format lint install clean

CXX      ?= g++
AR       ?= ar
BUILD    ?= build
OPTIMIZE ?= -O3
WARNINGS := -Wall -Wextra -Wshadow -Wnon-virtual-dtor -Werror
FLAGS    := -std=c++20 $(OPTIMIZE) -g1 -fopenmp $(WARNINGS) -I. -isystem /usr/include/eigen3 $(EXTRA)
LIBS     := -fopenmp -lfmt

LIBRARY := $(wildcard engine/*.cpp engine/ops/*.cpp layers/*.cpp attacks/*.cpp models/*.cpp data/*.cpp training/*.cpp)
TOOL    := $(wildcard tools/robmask/*.cpp)
TESTS   := $(wildcard tests/*.cpp tests/*/*.cpp)
KERNELS := $(wildcard engine/cpu/*.cpp)

# The CPU backend is compiled once for each instruction set and linked into one relocatable object that
# exports one symbol, so that no function built for a newer processor can be picked elsewhere.
ISA := generic
ifeq ($(shell $(CXX) -dumpmachine | cut -d- -f1),x86_64)
ISA += avx2 avx512
endif
MARCH_generic :=
MARCH_avx2    := -march=x86-64-v3
MARCH_avx512  := -march=x86-64-v4 -mprefer-vector-width=512

objects = $(patsubst %.cpp,$(BUILD)/objects/%.o,$(1))

.PHONY: all test
all: $(BUILD)/robmask

$(BUILD)/robmask: $(call objects,$(TOOL)) $(BUILD)/librobmask.a
	$(CXX) $(LDFLAGS) -o $@ $^ $(LIBS)

$(BUILD)/tests: $(call objects,$(TESTS)) $(BUILD)/librobmask.a
	$(CXX) $(LDFLAGS) -o $@ $^ $(LIBS) -lgtest -lgtest_main

$(BUILD)/librobmask.a: $(call objects,$(LIBRARY)) $(ISA:%=$(BUILD)/cpu_%.o)
	rm -f $@ && $(AR) rcs $@ $^

$(BUILD)/objects/%.o: %.cpp
	@mkdir -p $(@D)
	$(CXX) $(FLAGS) -MMD -MP -c -o $@ $<

define isa_rules
$(BUILD)/objects/$(1)/%.o: %.cpp
	@mkdir -p $$(@D)
	$$(CXX) $$(FLAGS) $$(MARCH_$(1)) -DROBMASK_ISA=$(1) -MMD -MP -c -o $$@ $$<

$(BUILD)/cpu_$(1).o: $$(KERNELS:%.cpp=$(BUILD)/objects/$(1)/%.o)
	ld -r --force-group-allocation -o $$@ $$^
	objcopy --keep-global-symbol=robmask_cpu_$(1) $$@
endef
$(foreach isa,$(ISA),$(eval $(call isa_rules,$(isa))))

test: $(BUILD)/tests
	$(BUILD)/tests

-include $(shell find $(BUILD)/objects -name '*.d' 2>/dev/null)
