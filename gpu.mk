# What runs on a GPU, and how it is tested without one (docs/emulator.md, docs/gpu.md):
#
# make emulated   build/emulated/robmask, where --device cuda is the emulator
# make trajectories  every network and recipe on the emulator, against PyTorch's numbers (minutes)
# make test-races the CPU's threads and the GPU's kernels under ThreadSanitizer: what no barrier orders
# make mutations  puts mistakes into the GPU's kernels and checks that tests find each (minutes)
# make gpu-check-build  builds and lists what to carry to a machine with a GPU for docs/gpu.md
# make gpu-check  there: does it run, how fast, which kernels fail? in less than five minutes
# make gpu-ladder there: the GPU's ladder (docs/ladders.md), timed; gpu-ladder-build what to carry for it
# make gpu-bench  there: the speed of training beside PyTorch, MODEL=resnet18 or another (nine minutes)

.PHONY: emulated trajectories test-races mutations gpu-check-build gpu-check gpu-ladder-build gpu-ladder gpu-bench
CUDA      := $(wildcard engine/cuda/*.cu)
ON_DEVICE := %/device.cu %/uploads.cu %/cublas_library.cu %/nccl_library.cu  # the emulator has its own
# Where there is a GPU, the one on the PATH is the one that has PyTorch.
PYTHON_GPU ?= python3

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
# Compressed, so that less has to be carried (drivers of CUDA 12.4 and newer read it).
COMPRESS  := $(if $(NVCC),$(if $(findstring compress-mode,$(shell $(NVCC) --help)),--compress-mode=size))
CUDAFLAGS  = -std=c++20 -O3 -DNDEBUG -lineinfo --expt-relaxed-constexpr -ccbin $(CXX) -I. \
             -DFMT_USE_CONSTEXPR=1 -Werror all-warnings -Xcompiler -Wall,-Wextra,-Werror $(COMPRESS) \
             $(GENCODE)
CUDA_LIBS := $(if $(NVCC),$(CUDART) -ldl -lrt -lpthread)

# ---- objects --------------------------------------------------------------------------------------

CUDA_OBJECTS    := $(if $(NVCC),$(CUDA:%.cu=$(BUILD)/objects/%.o))
# Has instructions of 9.0 alone.
PROBE           := $(BUILD)/objects/tools/checks/probe.o
$(PROBE): override CUDA_ARCH := 90a
# A ladder's rungs, timed on a device; course.mk counts their accesses on the emulator.
RUNNER          := ladder times
GPU_LADDER      := $(wildcard tools/ladder/gpu_convolution/*.cu)
LADDER_OBJECTS  := $(if $(NVCC),$(GPU_LADDER:%.cu=$(BUILD)/objects/%.o))
emulated         = $(patsubst %,$(BUILD)/emulated/objects/%.o,$(basename $(1)))
EMULATED_TESTS  := $(call emulated,$(filter-out %/races_test.cpp,$(filter %_test.cpp,$(EMULATOR))))
EMULATED_OBJECTS:= $(call emulated,engine/backend.cpp $(filter-out $(ON_DEVICE),$(CUDA)) \
                     $(filter-out %_test.cpp,$(EMULATOR)))
EMULATED := $(filter-out %/engine/backend.o,$(LIBRARY_OBJECTS)) $(EMULATED_OBJECTS) $(ISA:%=$(BUILD)/cpu_%.o)
# For the race detector, kernels are compiled anew; all else, the emulator too, stays as it is.
RACES           := $(patsubst %,$(BUILD)/races/objects/%.o,$(basename \
                     $(filter-out $(ON_DEVICE),$(CUDA)) \
                     $(filter %/races_test.cpp %/tensor_cores_test.cpp,$(EMULATOR))))
THREADS         := $(BUILD)/races/objects/engine/threads.o $(BUILD)/races/objects/tests/threads_test.o

# ---- linking --------------------------------------------------------------------------------------

$(BUILD)/emulated/robmask: $(TOOL_OBJECTS) $(EMULATED) $(BUILD)/sources-cuda
	$(call say,link    $@)
	$(Q)$(LINK) -o $@ $(filter %.o,$^) $(LIBS)

$(BUILD)/emulated/tests: $(TEST_OBJECTS) $(filter-out %/main.o,$(TOOL_OBJECTS)) $(EMULATED) $(EMULATED_TESTS) $(BUILD)/sources-cuda
	$(call say,link    $@)
	$(Q)$(LINK) -o $@ $(filter %.o,$^) $(LIBS) -lgtest -lgtest_main

# For machines without our libraries: what cannot be linked in lies beside the program, if it is not
# there already, brought by the other one.
CARRIED := $(LINK) -s -static-libstdc++ -static-libgcc -Wl,--as-needed -Wl,-rpath,'$$ORIGIN'
CARRY    = ldd $@ | sed -En 's/.*lib(png16|jpeg|z)\..* => (.*) \(.*/\2/p' | while read -r library; do \
             [ "$$library" -ef $(@D)/$${library\#\#*/} ] || cp -L "$$library" $(@D); done

$(BUILD)/gpu/robmask: $(TOOL_OBJECTS) $(WITHOUT) $(BUILD)/librobmask.a $(BUILD)/sources
	@mkdir -p $(@D)
	$(call say,link    $@)
	$(Q)$(CARRIED) -o $@ $(filter %.o %.a,$^) $(OWN_LIBS) $(CUDA_LIBS) && $(CARRY)

$(BUILD)/gpu/tests: $(TEST_OBJECTS) $(filter-out %/main.o,$(TOOL_OBJECTS)) $(WITHOUT) $(BUILD)/librobmask.a $(BUILD)/sources
	@mkdir -p $(@D)
	$(call say,link    $@)
	$(Q)$(CARRIED) -o $@ $(filter %.o %.a,$^) -l:libgtest.a -l:libgtest_main.a $(OWN_LIBS) $(CUDA_LIBS) && $(CARRY)

$(BUILD)/gpu/probe: $(PROBE)
	@mkdir -p $(@D)
	$(call say,link    $@)
	$(Q)$(CARRIED) -o $@ $^ $(CUDA_LIBS)

$(BUILD)/gpu/ladder: $(LADDER_OBJECTS) $(RUNNER:%=$(BUILD)/objects/tools/ladder/%.o) $(WITHOUT) $(BUILD)/librobmask.a $(BUILD)/sources
	@mkdir -p $(@D)
	$(call say,link    $@)
	$(Q)$(CARRIED) -o $@ $(filter %.o %.a,$^) $(OWN_LIBS) $(CUDA_LIBS) && $(CARRY)

$(BUILD)/races/tests: $(TEST_OBJECTS) $(filter-out %/main.o,$(TOOL_OBJECTS)) \
                      $(filter-out $(BUILD)/emulated/objects/engine/cuda/%,$(EMULATED)) $(RACES) $(BUILD)/sources-cuda
	@mkdir -p $(@D)
	$(call say,link    $@)
	$(Q)$(LINK) -fsanitize=thread -o $@ $(filter %.o,$^) $(LIBS) -lgtest -lgtest_main

$(BUILD)/races/threads: $(THREADS)
	$(call say,link    $@)
	$(Q)$(LINK) -fsanitize=thread -o $@ $^ $(LIBS) -lgtest -lgtest_main

# ---- compiling ------------------------------------------------------------------------------------

FOR_DEVICE = @mkdir -p $(@D)$(if $(V),,; echo "  compile $<  ($(CUDA_ARCH))")
$(BUILD)/objects/%.o: %.cu $(BUILD)/flags-cuda | $(BUILD)/packages-build
	$(FOR_DEVICE)
	$(Q)$(NVCC) $(CUDAFLAGS) -MMD -MP -c -o $@ $<
# nvcc lets a template of the host call what the device alone has, and has it end the program there.
	$(Q)! nm -u $@ | grep -qw exit || { rm $@; echo "$<: the host calls a function of the device" >&2; false; }

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
	$(Q)$(CXX) $(FLAGS) -O1 -g1 -fsanitize=thread -MMD -MP -c -o $@ $<
$(BUILD)/races/objects/%.o: %.cu $(BUILD)/flags | $(BUILD)/packages-build
	$(INSTRUMENT)
	$(Q)$(CXX) $(FLAGS) -O1 -g1 -fsanitize=thread -MMD -MP -x c++ -c -o $@ $<

$(BUILD)/objects/engine/backend.o: FLAGS += $(if $(NVCC),-DROBMASK_CUDA)
$(BUILD)/objects/engine/backend.o: $(BUILD)/flags-cuda
$(EMULATED_TESTS) $(RACES) $(THREADS): | $(BUILD)/packages-test

-include $(patsubst %.o,%.d,$(CUDA_OBJECTS) $(PROBE) $(LADDER_OBJECTS) $(EMULATED_OBJECTS) $(EMULATED_TESTS) $(RACES) $(THREADS))

$(BUILD)/flags-cuda:   NOW := $(CXX) $(FLAGS) $(NVCC) $(CUDAFLAGS)
$(BUILD)/sources-cuda: NOW := $(LIBRARY) $(TOOL) $(TESTS) $(KERNELS) $(ISA) $(CUDA) $(EMULATOR)
$(BUILD)/flags-cuda $(BUILD)/sources-cuda: force
	$(write_now)

# ---- what to do with it ---------------------------------------------------------------------------

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
	$(Q)COMPILE='$(CXX) $(FLAGS) -O2 -g1 -w' LINK='$(LINK)' LIBS='$(LIBS) -lgtest -lgtest_main' $(PYTHON) \
	  tools/checks/mutations.py tools/checks/mutations.txt $(TEST_OBJECTS) \
	  $(filter-out %/main.o,$(TOOL_OBJECTS)) $(EMULATED) $(EMULATED_TESTS)

gpu-check-build: $(if $(NVCC),$(addprefix $(BUILD)/gpu/,tests robmask probe))
gpu-ladder-build: $(if $(NVCC),$(BUILD)/gpu/ladder)
gpu-check-build gpu-ladder-build:
	$(if $(NVCC),,$(error $@: $(WITHOUT_GPU)))
	$(Q)tools/checks/carried.sh $^

gpu-check:
	@PROGRAMS=$(BUILD)/gpu tools/checks/gpu_check.sh

gpu-ladder:
	@$(BUILD)/gpu/ladder

$(BUILD)/packages-gpu-bench: PYTHON := $(PYTHON_GPU)
gpu-bench: | $(BUILD)/packages-gpu-bench
	@PROGRAMS=$(BUILD)/gpu $(PYTHON_GPU) tools/bench/gpu_bench.py --model $(or $(MODEL),resnet18)
