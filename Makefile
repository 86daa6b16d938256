# make            builds build/robmask and build/librobmask.a
# make test       builds and runs the tests                   FILTER='Tape*' picks some of them
# make demo       trains three models on the embedded data and draws the paper's trade-off
# make smoke      every table and figure of the paper on a few embedded images (minutes)
# make asan       the tests under the address and undefined-behaviour sanitizers (but for Slow*)
# make asan-library  the same for all but the command line: what CI has time for
# make fuzz       feeds every reader of files odd input for a minute each  READERS='npy json' FUZZ_SECONDS=60
# make cifar10    fetches CIFAR-10 into .data/; cifar100 likewise
# make tradeoff   trains on the embedded data until the paper's effect must show (minutes)
# make emulated   build/emulated/robmask, where --device cuda is the emulator
# make trajectories  every network and recipe on the emulator, against PyTorch's numbers (minutes)
# make test-races the CPU's threads and the GPU's kernels under ThreadSanitizer: what no barrier orders
# make mutations  puts mistakes into the GPU's kernels and checks that tests find each (minutes)
# make gpu-check-build  builds what a machine with a GPU needs for GPU.md; make gpu-check runs it there
# make gpu-bench  there: the speed of training beside PyTorch, MODEL=resnet18 or another (nine minutes)
# make kills      kills a training run thirty times and an evaluation ten times: resumed, the same bits
# make report-check  opens the page of `robmask report` in a headless Chromium (Error 77: there is none)
# make pictures-check  decodes pictures of every form and compares with Pillow (Debian's python3-pil)
# make bare-check both commands of the README on a bare Debian in a folder of its own (root; half an hour)
# make bench      the speed of training and attack steps on this machine
# make golden     computes tests/golden again with PyTorch (Debian's python3-torch)
# make format     lays out all sources with clang-format
# make lint       checks layout (clang-format) and habits (clang-tidy)
# make install    copies binary, library and headers below $(DESTDIR)$(PREFIX)
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
# Where there is a GPU, the one on the PATH is the one that has PyTorch.
PYTHON_GPU ?= python3
# g++ 12 sees overlapping copies in string + string at -O3 that are not there (gcc bug 105651).
WARNINGS := -Wall -Wextra -Wshadow=local -Wnon-virtual-dtor -Werror -Wno-restrict
# And, with sanitizers, values in std::regex that are not set (gcc bug 105562).
WARNINGS += $(if $(SANITIZE),-Wno-maybe-uninitialized)
INCLUDES := -I.
# A sanitizer's report names lines; for a debugger or a profiler, EXTRA=-g1.
FLAGS    := -std=c++20 $(OPTIMIZE) $(if $(SANITIZE),-g1) -fopenmp-simd -pthread $(WARNINGS) $(INCLUDES) $(SANITIZE) $(EXTRA)
LINK     := $(CXX) -pthread $(SANITIZE) $(LDFLAGS)
LIBS     := -lfmt -lpng -ljpeg -lz

LIBRARY := $(wildcard $(addsuffix /*.cpp,engine engine/ops layers attacks models data data/codecs \
             data/files training tools/robmask/options))
TOOL    := $(wildcard tools/robmask/*.cpp tools/robmask/report/*.cpp tools/robmask/reproduce/*.cpp)
# The files of the report's page, as strings in a source file of their own.
PAGE    := $(addprefix tools/robmask/report/,page.html style.css charts.js page.js)
ASSETS  := tools/robmask/report/assets.cpp
EMULATOR := $(wildcard tests/gpu_emulator/*.cpp)
FUZZERS := $(wildcard tests/fuzz/*.cpp)
TESTS   := $(filter-out $(EMULATOR) $(FUZZERS),$(wildcard tests/*.cpp tests/*/*.cpp))
KERNELS := $(wildcard engine/cpu/*.cpp)
CUDA    := $(wildcard engine/cuda/*.cu)
ON_DEVICE := %/device.cu %/uploads.cu %/cublas_library.cu  # the emulator has its own

# The CPU backend is compiled once for each instruction set and linked into one relocatable object that
# exports one symbol, so that no function built for a newer processor can be picked elsewhere
# (-fno-gnu-unique: the statics of inline functions would stay global).
ISA := generic
ifeq ($(shell $(CXX) -dumpmachine | cut -d- -f1),x86_64)
ISA += avx2 avx512
endif
MARCH_avx2   := -march=x86-64-v3
MARCH_avx512 := -march=x86-64-v4 -mprefer-vector-width=512
# g++ 12 warns about "undefined" vectors inside its own AVX-512 header (gcc bug 105593).
MARCH_avx512 += -Wno-uninitialized -Wno-maybe-uninitialized

# The best one for the processor that builds, as the dynamic linker knows it.
LEVELS := $(shell /lib64/ld-linux-x86-64.so.2 --help 2>/dev/null | sed -n 's/^ *x86-64-\(v[34]\) .supported.*/\1/p')
BEST   := $(if $(filter v4,$(LEVELS)),avx512,$(if $(filter v3,$(LEVELS)),avx2,generic))

# The CUDA backend is compiled by nvcc, where there is one, and by the C++ compiler for the emulator,
# which takes the place of device.cu. The runtime is linked statically, so that the binary starts
# without a driver.
comma     := ,
unset      = $(filter undefined,$(origin $(1)))
NVCC      := $(if $(call unset,NVCC),$(firstword $(shell command -v nvcc) \
               $(wildcard /usr/local/cuda/bin/nvcc)),$(NVCC))
# nvcc itself says where its toolkit is: what is on the PATH may be a script that calls it.
TOOLKIT   := $(if $(NVCC),$(shell $(NVCC) --dryrun -x cu -c /dev/null 2>&1 | sed -n 's/.*TOP=//p'))
CUDART    := $(firstword $(wildcard $(addsuffix /libcudart_static.a,$(addprefix \
               $(TOOLKIT)/,lib64 lib targets/*/lib) /usr/lib/*-linux-gnu)))
WITHOUT_GPU := $(if $(NVCC),no libcudart_static.a beside $(NVCC),no nvcc): no GPU
ifeq ($(CUDART),)
override NVCC :=
endif
# Tensor cores that multiply bf16, and asynchronous copies, came with 8.0: older GPUs are not built for.
FOUND_GPU  = $(sort $(patsubst 90,90a,$(filter 1% 8% 9%,$(subst .,,$(shell nvidia-smi \
               --query-gpu=compute_cap --format=csv$(comma)noheader 2>/dev/null)))))
CUDA_ARCH := $(if $(NVCC),$(if $(call unset,CUDA_ARCH),$(or $(FOUND_GPU),90a),$(CUDA_ARCH)))
GENCODE    = $(foreach a,$(subst all,80 90a,$(CUDA_ARCH)),-gencode arch=compute_$(a)$(comma)code=sm_$(a)) \
             $(if $(filter all,$(CUDA_ARCH)),-gencode arch=compute_80$(comma)code=compute_80)
# The device may call constexpr functions of the library (std::array). fmt 9 is wary of old nvccs and
# does without constexpr there, which contradicts itself in C++20: it is told to use it as with g++.
CUDAFLAGS  = -std=c++20 -O3 -DNDEBUG -lineinfo --expt-relaxed-constexpr -ccbin $(CXX) -I. \
             -DFMT_USE_CONSTEXPR=1 -Werror all-warnings -Xcompiler -Wall,-Wextra,-Werror $(GENCODE)
CUDA_LIBS := $(if $(NVCC),$(CUDART) -ldl -lrt -lpthread)

# Most of a file's compile time goes into the headers of the standard library and of JSON, so the files
# of a folder are compiled together, as one that includes them: a fifth of the time. What depends on
# flags of its own, takes long, or must stay out of a program, is compiled alone.
ALONE    := $(addprefix engine/,backend.cpp cpu.cpp threads.cpp cpu/pixel_product.cpp cpu/tap_product.cpp) \
            tools/robmask/main.cpp tools/examples/%
together  = $(addsuffix all.cpp,$(sort $(dir $(filter-out $(ALONE),$(1))))) $(filter $(ALONE),$(1))
objects   = $(patsubst %.cpp,$(BUILD)/objects/%.o,$(call together,$(1)))
LIBRARY_OBJECTS := $(call objects,$(LIBRARY))
TOOL_OBJECTS    := $(call objects,$(TOOL)) $(BUILD)/objects/$(ASSETS:.cpp=.o)
TEST_OBJECTS    := $(call objects,$(TESTS))
CUDA_OBJECTS    := $(if $(NVCC),$(CUDA:%.cu=$(BUILD)/objects/%.o))
# What is carried to a machine with a GPU is for every architecture that we ship, in a folder of its own.
CARRIED_CUDA    := $(if $(NVCC),$(CUDA:%.cu=$(BUILD)/gpu/objects/%.o))
$(CARRIED_CUDA) $(BUILD)/gpu/flags: override CUDA_ARCH := 80 90a
emulated         = $(patsubst %,$(BUILD)/emulated/objects/%.o,$(basename $(1)))
EMULATED_TESTS  := $(call emulated,$(filter-out %/races_test.cpp,$(filter %_test.cpp,$(EMULATOR))))
EMULATED_OBJECTS:= $(call emulated,engine/backend.cpp $(filter-out $(ON_DEVICE),$(CUDA)) \
                     $(filter-out %_test.cpp,$(EMULATOR)))
# For the race detector, kernels are compiled anew; all else, the emulator too, stays as it is.
RACES           := $(patsubst %,$(BUILD)/races/objects/%.o,$(basename \
                     $(filter-out $(ON_DEVICE),$(CUDA)) \
                     $(filter %/races_test.cpp %/tensor_cores_test.cpp,$(EMULATOR))))
# libFuzzer is clang's, and clang compiles all but the kernels, of which no reader has any.
FUZZ_CXX        ?= clang++
FUZZ_SANITIZE   := -fsanitize=address,undefined,float-cast-overflow -fno-sanitize-recover=all
FUZZ_FLAGS      := -std=c++20 -O1 -g1 -D_GLIBCXX_ASSERTIONS -fopenmp-simd -pthread $(INCLUDES) \
                   $(FUZZ_SANITIZE) -fsanitize=fuzzer-no-link -DROBMASK_CPU_generic
fuzzed           = $(patsubst %.cpp,$(BUILD)/fuzz/objects/%.o,$(call together,$(1)))
FUZZED          := $(call fuzzed,$(LIBRARY) $(TOOL) $(FUZZERS)) $(BUILD)/fuzz/objects/$(ASSETS:.cpp=.o)
THREADS         := $(BUILD)/races/objects/engine/threads.o $(BUILD)/races/objects/tests/threads_test.o
kernels          = $(patsubst %.cpp,$(BUILD)/objects/$(1)/%.o,$(call together,$(KERNELS)))

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
.PHONY: all announce test test-here emulated trajectories test-races mutations gpu-check-build gpu-check gpu-bench bench-check tradeoff smoke \
        asan asan-library fuzz demo bare-check kills report-check pictures-check bench golden format lint install clean help force
all: $(BUILD)/robmask

# ---- linking --------------------------------------------------------------------------------------

$(BUILD)/robmask: $(TOOL_OBJECTS) $(BUILD)/librobmask.a $(BUILD)/sources
	$(call say,link    $@)
	$(Q)$(LINK) -o $@ $(filter %.o %.a,$^) $(LIBS) $(CUDA_LIBS)

# The demo shows something sooner with kernels for this processor alone and without the GPU. All other
# objects are those of build/robmask.
DEMO_ISA := $(lastword $(filter generic $(BEST),$(ISA)))
CHOSEN   := engine/backend.o engine/cpu.o  # know what is built in
DEMO     := $(filter-out $(addprefix %/,$(CHOSEN)),$(LIBRARY_OBJECTS)) $(BUILD)/cpu_$(DEMO_ISA).o \
            $(addprefix $(BUILD)/demo/$(DEMO_ISA)/,$(CHOSEN))
$(BUILD)/demo/robmask: $(TOOL_OBJECTS) $(DEMO) $(BUILD)/sources
	$(call say,link    $@)
	$(Q)$(LINK) -o $@ $(filter %.o,$^) $(LIBS)

$(BUILD)/demo/pictures: $(call objects,tools/examples/pictures.cpp) $(DEMO) $(BUILD)/sources
	$(call say,link    $@)
	$(Q)$(LINK) -o $@ $(filter %.o,$^) $(LIBS)

$(BUILD)/tests: $(TEST_OBJECTS) $(filter-out %/main.o,$(TOOL_OBJECTS)) $(BUILD)/librobmask.a $(BUILD)/sources
	$(call say,link    $@)
	$(Q)$(LINK) -o $@ $(filter %.o %.a,$^) $(LIBS) $(CUDA_LIBS) -lgtest -lgtest_main

$(BUILD)/librobmask.a: $(LIBRARY_OBJECTS) $(CUDA_OBJECTS) $(ISA:%=$(BUILD)/cpu_%.o) $(BUILD)/sources
	$(call say,library $@)
	$(Q)rm -f $@ && $(AR) qcs $@ $(filter %.o,$^)

EMULATED := $(filter-out %/engine/backend.o,$(LIBRARY_OBJECTS)) $(EMULATED_OBJECTS) $(ISA:%=$(BUILD)/cpu_%.o)
$(BUILD)/emulated/robmask: $(TOOL_OBJECTS) $(EMULATED) $(BUILD)/sources-cuda
	$(call say,link    $@)
	$(Q)$(LINK) -o $@ $(filter %.o,$^) $(LIBS)

$(BUILD)/emulated/tests: $(TEST_OBJECTS) $(filter-out %/main.o,$(TOOL_OBJECTS)) $(EMULATED) $(EMULATED_TESTS) $(BUILD)/sources-cuda
	$(call say,link    $@)
	$(Q)$(LINK) -o $@ $(filter %.o,$^) $(LIBS) -lgtest -lgtest_main

# For machines without our libraries: what cannot be linked in lies beside the program, if it is not
# there already, brought by the other one.
CARRIED := $(LINK) -s -static-libstdc++ -static-libgcc -Wl,--as-needed -Wl,-rpath,'$$ORIGIN'
CARRY    = ldd $@ | sed -En 's/.*lib(fmt|png16|jpeg|z)\..* => (.*) \(.*/\2/p' | while read -r library; do \
             [ "$$library" -ef $(@D)/$${library\#\#*/} ] || cp -L "$$library" $(@D); done

CARRIED_LIBRARY := $(LIBRARY_OBJECTS) $(CARRIED_CUDA) $(ISA:%=$(BUILD)/cpu_%.o)
$(BUILD)/gpu/robmask: $(TOOL_OBJECTS) $(CARRIED_LIBRARY)
	@mkdir -p $(@D)
	$(call say,link    $@)
	$(Q)$(CARRIED) -o $@ $(filter %.o %.a,$^) $(LIBS) $(CUDA_LIBS) && $(CARRY)

$(BUILD)/gpu/tests: $(TEST_OBJECTS) $(filter-out %/main.o,$(TOOL_OBJECTS)) $(CARRIED_LIBRARY)
	@mkdir -p $(@D)
	$(call say,link    $@)
	$(Q)$(CARRIED) -o $@ $(filter %.o %.a,$^) -l:libgtest.a -l:libgtest_main.a $(LIBS) $(CUDA_LIBS) && $(CARRY)

$(BUILD)/races/tests: $(TEST_OBJECTS) $(filter-out %/main.o,$(TOOL_OBJECTS)) \
                      $(filter-out $(BUILD)/emulated/objects/engine/cuda/%,$(EMULATED)) $(RACES) $(BUILD)/sources-cuda
	@mkdir -p $(@D)
	$(call say,link    $@)
	$(Q)$(LINK) -fsanitize=thread -o $@ $(filter %.o,$^) $(LIBS) -lgtest -lgtest_main

$(BUILD)/races/threads: $(THREADS)
	$(call say,link    $@)
	$(Q)$(LINK) -fsanitize=thread -o $@ $^ $(LIBS) -lgtest -lgtest_main

FUZZ_LINK = $(FUZZ_CXX) -pthread $(FUZZ_SANITIZE)
$(BUILD)/fuzz/fuzzer: $(filter-out %/main.o,$(FUZZED)) $(BUILD)/cpu_generic.o $(BUILD)/sources
	$(call say,link    $@)
	$(Q)$(FUZZ_LINK) -fsanitize=fuzzer -o $@ $(filter %.o,$^) $(LIBS) -lz

$(BUILD)/fuzz/robmask: $(filter-out %/fuzz/all.o,$(FUZZED)) $(BUILD)/cpu_generic.o $(BUILD)/sources
	$(call say,link    $@)
	$(Q)$(FUZZ_LINK) -o $@ $(filter %.o,$^) $(LIBS)

# ---- compiling ------------------------------------------------------------------------------------

$(BUILD)/objects/%.o: %.cpp $(BUILD)/flags | $(BUILD)/packages-build
	@mkdir -p $(@D)
	$(call say,compile $<)
	$(Q)$(CXX) $(FLAGS) -MMD -MP -c -o $@ $<

# What computes for long is in engine, attacks and data. The rest, which is most of what there is to
# compile, starts it, reports and checks, and is optimized less, for time.
COLD := $(if $(filter -O3,$(OPTIMIZE)),-O1)
$(addprefix $(BUILD)/objects/,tools/%.o tests/%.o training/%.o data/files/%.o): FLAGS += $(COLD)

$(BUILD)/demo/$(DEMO_ISA)/%.o: %.cpp $(BUILD)/flags | $(BUILD)/packages-build
	@mkdir -p $(@D)
	$(call say,compile $<  (demo))
	$(Q)$(CXX) $(FLAGS) -DROBMASK_CPU_$(DEMO_ISA) -MMD -MP -c -o $@ $<

# FOLDER/all.cpp includes the folder's files; written anew when one came or went, and kept, since a
# new one makes its object old.
.PRECIOUS: $(BUILD)/objects/%/all.cpp
in_folder = $(foreach file,$(filter-out $(ALONE),$(LIBRARY) $(KERNELS) $(TOOL) $(TESTS) $(FUZZERS)),$(if $(filter $(1)/,$(dir $(file))),$(file)))
$(BUILD)/objects/%/all.cpp: $(BUILD)/sources
	@mkdir -p $(@D)
	$(Q)printf '#include "%s"\n' $(call in_folder,$*) | cmp -s - $@ || \
	  printf '#include "%s"\n' $(call in_folder,$*) > $@
$(BUILD)/objects/%/all.o: $(BUILD)/objects/%/all.cpp $(BUILD)/flags | $(BUILD)/packages-build
	$(call say,compile $*/*.cpp)
	$(Q)$(CXX) $(FLAGS) -MMD -MP -c -o $@ $<

# tools/robmask/report/style.css becomes robmask::assets::style_css, in a raw string.
$(BUILD)/objects/$(ASSETS): $(PAGE)
	@mkdir -p $(@D)
	$(call say,embed   $@)
	$(Q){ echo '#include "tools/robmask/report/page.h"'; for file in $^; do \
	  printf 'const std::string_view robmask::assets::%s = R"~~~(' "$$(basename $$file | tr . _)"; \
	  cat $$file; echo ')~~~";'; done; } > $@
$(BUILD)/objects/$(ASSETS:.cpp=.o): $(BUILD)/objects/$(ASSETS) $(BUILD)/flags | $(BUILD)/packages-build
	$(Q)$(CXX) $(FLAGS) -MMD -MP -c -o $@ $<

FOR_DEVICE = @mkdir -p $(@D)$(if $(V),,; echo "  compile $<  ($(CUDA_ARCH))")
$(BUILD)/objects/%.o: %.cu $(BUILD)/flags-cuda | $(BUILD)/packages-build
	$(FOR_DEVICE)
	$(Q)$(NVCC) $(CUDAFLAGS) -MMD -MP -c -o $@ $<
$(BUILD)/gpu/objects/%.o: %.cu $(BUILD)/gpu/flags | $(BUILD)/packages-build
	$(FOR_DEVICE)
	$(Q)$(NVCC) $(CUDAFLAGS) -MMD -MP -c -o $@ $<

EMULATE = @mkdir -p $(@D)$(if $(V),,; echo "  compile $<  (emulated)")
$(BUILD)/emulated/objects/%.o: %.cpp $(BUILD)/flags | $(BUILD)/packages-build
	$(EMULATE)
	$(Q)$(CXX) $(FLAGS) -O2 -DROBMASK_CUDA -MMD -MP -c -o $@ $<
$(BUILD)/emulated/objects/%.o: %.cu $(BUILD)/flags | $(BUILD)/packages-build
	$(EMULATE)
	$(Q)$(CXX) $(FLAGS) -O2 -MMD -MP -x c++ -c -o $@ $<

INSTRUMENT = @mkdir -p $(@D)$(if $(V),,; echo "  compile $<  (for races)")
$(BUILD)/races/objects/%.o: %.cpp $(BUILD)/flags | $(BUILD)/packages-build
	$(INSTRUMENT)
	$(Q)$(CXX) $(FLAGS) -O1 -fsanitize=thread -MMD -MP -c -o $@ $<
$(BUILD)/races/objects/%.o: %.cu $(BUILD)/flags | $(BUILD)/packages-build
	$(INSTRUMENT)
	$(Q)$(CXX) $(FLAGS) -O1 -fsanitize=thread -MMD -MP -x c++ -c -o $@ $<

FUZZ = @mkdir -p $(@D)$(if $(V),,; echo "  compile $(<:$(BUILD)/objects/%/all.cpp=%/*.cpp)  (to be fuzzed)")
$(BUILD)/fuzz/objects/%.o: %.cpp $(BUILD)/fuzz/flags | $(BUILD)/packages-fuzz
	$(FUZZ)
	$(Q)$(FUZZ_CXX) $(FUZZ_FLAGS) -MMD -MP -c -o $@ $<
$(BUILD)/fuzz/objects/%.o: $(BUILD)/objects/%.cpp $(BUILD)/fuzz/flags | $(BUILD)/packages-fuzz
	$(FUZZ)
	$(Q)$(FUZZ_CXX) $(FUZZ_FLAGS) -MMD -MP -c -o $@ $<

# compile_for ISA
define compile_for
	@mkdir -p $(@D)
	$(call say,compile $(<:$(BUILD)/objects/%/all.cpp=%/*.cpp)  ($(1)))
	$(Q)$(CXX) $(FLAGS) $(MARCH_$(1)) -fno-gnu-unique -DROBMASK_ISA=$(1) -MMD -MP -c -o $@ $<
endef
define isa_rules
$(BUILD)/objects/$(1)/%.o: %.cpp $(BUILD)/flags | $(BUILD)/packages-build
	$$(call compile_for,$(1))
$(BUILD)/objects/$(1)/%/all.o: $(BUILD)/objects/%/all.cpp $(BUILD)/flags | $(BUILD)/packages-build
	$$(call compile_for,$(1))

$(BUILD)/cpu_$(1).o: $(call kernels,$(1)) $(BUILD)/sources
	$$(call say,library $$@)
	$$(Q)$$(LD) -r --force-group-allocation -o $$@ $$(filter %.o,$$^)
	$$(Q)$$(OBJCOPY) --keep-global-symbol=robmask_cpu_$(1) $$@
endef
$(foreach isa,$(ISA),$(eval $(call isa_rules,$(isa))))

$(BUILD)/objects/engine/cpu.o: FLAGS += $(ISA:%=-DROBMASK_CPU_%)
$(BUILD)/objects/engine/cpu.o: $(BUILD)/sources
$(BUILD)/objects/engine/backend.o: FLAGS += $(if $(NVCC),-DROBMASK_CUDA)
$(BUILD)/objects/engine/backend.o: $(BUILD)/flags-cuda
$(TEST_OBJECTS) $(EMULATED_TESTS) $(RACES) $(THREADS): | $(BUILD)/packages-test

-include $(patsubst %.o,%.d,$(CUDA_OBJECTS) $(CARRIED_CUDA) $(EMULATED_OBJECTS) $(EMULATED_TESTS) $(RACES) $(THREADS) $(FUZZED) $(call objects,tools/examples/pictures.cpp) $(DEMO) $(LIBRARY_OBJECTS) $(TOOL_OBJECTS) $(TEST_OBJECTS) $(foreach isa,$(ISA),$(call kernels,$(isa))))

# Other flags, or a file that came or went, change these files, and that rebuilds what they concern.
$(BUILD)/flags:        NOW := $(CXX) $(FLAGS) $(COLD) $(MARCH_avx2) $(MARCH_avx512)
$(BUILD)/flags-cuda:   NOW := $(CXX) $(FLAGS) $(NVCC) $(CUDAFLAGS)
$(BUILD)/gpu/flags:    NOW  = $(CXX) $(FLAGS) $(NVCC) $(CUDAFLAGS)
$(BUILD)/sources:      NOW := $(LIBRARY) $(TOOL) $(TESTS) $(FUZZERS) $(KERNELS) $(ISA)
$(BUILD)/fuzz/flags:   NOW := $(FUZZ_CXX) $(FUZZ_FLAGS)
$(BUILD)/sources-cuda: NOW := $(LIBRARY) $(TOOL) $(TESTS) $(KERNELS) $(ISA) $(CUDA) $(EMULATOR)
$(BUILD)/flags $(BUILD)/flags-cuda $(BUILD)/gpu/flags $(BUILD)/fuzz/flags $(BUILD)/sources $(BUILD)/sources-cuda: force
	@mkdir -p $(@D); echo '$(NOW)' | cmp -s - $@ || echo '$(NOW)' > $@

# ---- packages -------------------------------------------------------------------------------------

# Looked for once; again when the list changes or after `make clean`. Installing happens one at a time.
$(BUILD)/packages-%: tools/setup/packages.sh | announce
	@mkdir -p $(@D)
	@CXX='$(CXX)' FUZZ_CXX='$(FUZZ_CXX)' INCLUDES='$(INCLUDES)' PYTHON='$(PYTHON)' tools/setup/packages.sh $* && touch $@
$(BUILD)/packages-test $(BUILD)/packages-demo $(BUILD)/packages-fuzz $(BUILD)/packages-report-check $(BUILD)/packages-pictures-check: | $(BUILD)/packages-build
$(BUILD)/packages-gpu-bench: PYTHON := $(PYTHON_GPU)

PLAN = CPU kernels for $(ISA); $(if $(NVCC),GPU kernels for $(CUDA_ARCH),$(WITHOUT_GPU))
announce:
	@echo "robmask: $(CXX) $$($(CXX) -dumpfullversion 2>/dev/null || echo '(not found)'), $(PLAN)"

# ---- what to do with it ---------------------------------------------------------------------------

# What is built in here; then on the emulator, which computes on one core, every kernel and some of the
# networks, recipes and attacks that are made of them.
EMULATED_SOME := Networks/*/cuda_resnet18:Recipes/*/cuda_robmask:Recipes/*/cuda_pgd_l2
EMULATED_SOME := $(EMULATED_SOME):Replay/*/cuda_robmask:Replay/*/cuda_trades
EMULATED_SOME := $(EMULATED_SOME):Attacks/*Finds*/cuda_autoattack_linf
test: test-here bench-check $(BUILD)/emulated/tests
	tools/checks/sharded.sh $(BUILD)/emulated/tests --gtest_brief=$(BRIEF) \
	  '--gtest_filter=$(or $(FILTER),Machine/*/cuda*:*GpuEmulator*:$(EMULATED_SOME))'

test-here: $(BUILD)/tests $(BUILD)/robmask
	ROBMASK=$(BUILD)/robmask $(BUILD)/tests --gtest_brief=$(BRIEF) '--gtest_filter=$(or $(FILTER),-Slow*)'

# The benchmark beside PyTorch, as far as it goes without a GPU and PyTorch.
bench-check: $(BUILD)/robmask | $(BUILD)/packages-test
	$(PYTHON) tools/bench/floor.py --check
	$(PYTHON) tools/bench/gpu_bench.py --robmask $< --device cpu --torch off --width 4 --batch 4,8 \
	  --rounds 1 --seconds 0 --out $(BUILD)/bench >$(BUILD)/bench.log 2>&1 || { cat $(BUILD)/bench.log; exit 1; }

emulated: $(BUILD)/emulated/robmask $(BUILD)/emulated/tests

trajectories: $(BUILD)/emulated/tests
	tools/checks/sharded.sh $< --gtest_brief=$(BRIEF) '--gtest_filter=*Golden*/cuda*:Replay/*/cuda*:Attacks/*Finds*/cuda*'

# The threads of the CPU's loops; then the kernels of the GPU, beside one thread of the CPU, since the
# detector does not see into its kernels. No random addresses: the one of gcc 12 does not know the places
# that newer kernels choose. Gradients and networks repeat primitives.
test-races: $(BUILD)/races/tests $(BUILD)/races/threads
	TSAN_OPTIONS=halt_on_error=1 setarch -R $(BUILD)/races/threads --gtest_brief=$(BRIEF)
	OMP_NUM_THREADS=1 TSAN_OPTIONS=halt_on_error=1 setarch -R $< --gtest_brief=$(BRIEF) \
	  '--gtest_filter=$(or $(FILTER),Machine/*/cuda*:Races*:GpuEmulatorTensorCores*:-*Gradient.*)'

mutations: $(BUILD)/emulated/tests | $(BUILD)/packages-test
	$(Q)COMPILE='$(CXX) $(FLAGS) -O2 -w' LINK='$(LINK)' LIBS='$(LIBS) -lgtest -lgtest_main' $(PYTHON) \
	  tools/checks/mutations.py tools/checks/mutations.txt $(TEST_OBJECTS) \
	  $(filter-out %/main.o,$(TOOL_OBJECTS)) $(EMULATED) $(EMULATED_TESTS)

gpu-check-build: $(BUILD)/gpu/tests $(BUILD)/gpu/robmask
	tools/checks/linked.sh $^

gpu-check:
	@PROGRAMS=$(BUILD)/gpu tools/checks/gpu_check.sh

gpu-bench: | $(BUILD)/packages-gpu-bench
	@PROGRAMS=$(BUILD)/gpu $(PYTHON_GPU) tools/bench/gpu_bench.py --model $(or $(MODEL),resnet18)

tradeoff:
	+@$(MAKE) --no-print-directory FILTER='Slow*' test-here

SANITIZED = BUILD=$(BUILD)/asan OPTIMIZE='-O1 -D_GLIBCXX_ASSERTIONS' ISA=$(BEST) NVCC= \
            SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=all'
asan:  # with one instruction set and without the GPU, for time; the emulator guards memory itself
	+@$(MAKE) --no-print-directory $(SANITIZED) FILTER='$(FILTER)' test-here

# The same without the command line and what trains or attacks whole networks again and again: minutes.
LONG := Replay/*:Models/*:Resume.*:Recipes/*:Networks/*:AutoAttack.*:Attacks/*
asan-library:
	+@$(MAKE) --no-print-directory $(SANITIZED) TOOL= \
	  TESTS='$(filter-out tests/commands/% tests/reproduce/%,$(TESTS))' $(BUILD)/asan/tests
	$(BUILD)/asan/tests --gtest_brief=$(BRIEF) '--gtest_filter=$(or $(FILTER),-Slow*:$(LONG))'

# READERS are some of tests/fuzz/*_fuzzer.cpp; `commands` damages runs that robmask reads.
READERS := $(sort $(patsubst tests/fuzz/%_fuzzer.cpp,%,$(filter %_fuzzer.cpp,$(FUZZERS)))) commands
fuzz: $(BUILD)/fuzz/fuzzer $(BUILD)/fuzz/robmask
	$(Q)FUZZ=$(BUILD)/fuzz PYTHON='$(PYTHON)' SECONDS_EACH='$(FUZZ_SECONDS)' \
	  RUNS='$(FUZZ_RUNS)' tests/fuzz/run.sh $(READERS)

demo: PLAN = what the demo runs, for $(DEMO_ISA): about two minutes on two cores, then two more of training
demo: $(BUILD)/demo/robmask $(BUILD)/demo/pictures | $(BUILD)/packages-demo
	$(Q)ROBMASK=$(BUILD)/demo/robmask PICTURES=$(BUILD)/demo/pictures tools/examples/demo.sh

smoke: $(BUILD)/robmask | $(BUILD)/packages-demo
	$(Q)rm -rf $(BUILD)/smoke
	$(Q)ROBMASK=$(BUILD)/robmask tools/checks/smoke.sh $(BUILD)/smoke

bench: $(BUILD)/robmask
	$(BUILD)/robmask bench --workload train,pgd,robmask

kills: $(BUILD)/robmask
	$(Q)ROBMASK=$(BUILD)/robmask tools/checks/kills.sh
	$(Q)ROBMASK=$(BUILD)/robmask tools/checks/evaluation_kills.sh

# Ends with 77 where there is no browser: make says so, and fails.
report-check: $(BUILD)/robmask | $(BUILD)/packages-report-check
	$(Q)ROBMASK=$(BUILD)/robmask PYTHONDONTWRITEBYTECODE=1 $(PYTHON) tools/checks/report_page.py \
	  $(BUILD)/report

pictures-check: $(BUILD)/robmask | $(BUILD)/packages-pictures-check
	$(Q)ROBMASK=$(BUILD)/robmask PYTHONDONTWRITEBYTECODE=1 $(PYTHON) tools/checks/pictures.py

golden: | $(BUILD)/packages-golden
	$(PYTHON) tests/golden/make_golden.py

include data/fetch.mk  # cifar10 and cifar100
cifar10 cifar100: | $(BUILD)/packages-fetch

install: export TO = $(DESTDIR)$(PREFIX)
install: $(BUILD)/robmask
	install -D -m 755 $(BUILD)/robmask "$$TO/bin/robmask"
	install -D -m 644 $(BUILD)/librobmask.a "$$TO/lib/librobmask.a"
	for header in $(wildcard $(addsuffix /*.h,engine layers attacks models data data/files training)); do \
	  install -D -m 644 $$header "$$TO/include/robmask/$$header" || exit 1; done

bare-check:
	tools/checks/bare_debian.sh

clean:
	rm -rf $(BUILD)

help:
	@sed -n '/^#/!q; s/^# \{0,1\}//p' Makefile

# ---- habits ---------------------------------------------------------------------------------------

WRITTEN := $(shell find $(wildcard engine layers attacks models data training tools tests) -name '*.cpp' -o -name '*.h' -o -name '*.cu')
TIDIED  := $(patsubst %.cpp,$(BUILD)/tidy/%,$(LIBRARY) $(KERNELS) $(TOOL))

format: | $(BUILD)/packages-lint
	clang-format -i $(WRITTEN)

lint: lint-format $(TIDIED)
.PHONY: lint-format
lint-format: | $(BUILD)/packages-lint
	clang-format --dry-run --Werror $(WRITTEN)

# A file is looked at again when it, any header or the rules changed.
$(TIDIED): $(BUILD)/tidy/%: %.cpp $(filter %.h,$(WRITTEN)) .clang-tidy | $(BUILD)/packages-lint
	@mkdir -p $(@D)
	$(call say,tidy    $<)
	$(Q)clang-tidy --quiet $< -- -std=c++20 -fopenmp-simd $(INCLUDES) 2>/dev/null && touch $@
