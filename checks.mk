# Checks beyond the tests, measurements, habits:
#
# make smoke      every table and figure of the paper on a few embedded images (minutes)
# make asan       the tests under the address and undefined-behaviour sanitizers (but for Slow*)
# make asan-library  the same for all but the command line: what CI has time for
# make fuzz       feeds every reader of files odd input for a minute each  READERS='npy json' FUZZ_SECONDS=60
# make tradeoff   trains on the embedded data until the paper's effect must show (minutes)
# make kills      kills a training run thirty times and an evaluation ten times: resumed, the same bits
# make shards-check   trains on 1 to 8 processes by each method: the same bits? (three minutes)
# make process-kills  kills one of several processes twenty times: resumed on others, the same bits
# make network-check  two network namespaces: the same bits over TCP; a cable is pulled (root)
# make same-bytes OTHER=PROGRAM  do another build and this one print and write the same? (two minutes)
# make report-check  opens the page of `robmask report` in a headless Chromium (Error 77: there is none)
# make pictures-check  decodes pictures of every form and compares with Pillow (Debian's python3-pil)
# make weights-check  converts PyTorch's files as people save them, compares logits (Debian's python3-torch)
# make onnx-check runs exported graphs in onnxruntime, from npm, beside predict (Error 77: it cannot be had)
# make onnx-networks  networks of PyTorch through ONNX: the same logits and input gradients? (python3-torchvision)
# make bare-check both commands of the README on a bare Debian in a folder of its own (root; half an hour)
# make bench      the speed of training and attack steps on this machine
# make golden     computes tests/golden again with PyTorch (Debian's python3-torch)
# make format     lays out all sources with clang-format
# make lint       checks layout (clang-format) and habits (clang-tidy)

.PHONY: same-bytes shards-check process-kills network-check smoke asan asan-library fuzz tradeoff kills report-check pictures-check weights-check onnx-check onnx-networks bare-check bench bench-check golden \
        format lint lint-format
$(BUILD)/packages-fuzz $(BUILD)/packages-report-check $(BUILD)/packages-pictures-check $(BUILD)/packages-onnx-check: | $(BUILD)/packages-build

# ---- runs of the program --------------------------------------------------------------------------

same-bytes: $(BUILD)/robmask | $(BUILD)/packages-test
	$(if $(OTHER),,$(error OTHER: expected the path of another build's robmask))
	$(Q)rm -rf $(BUILD)/same-bytes && mkdir -p $(BUILD)/same-bytes
	$(Q)for program in '$(OTHER)' $<; do $(PYTHON) tools/checks/same_bytes.py record "$$program" \
	  $(BUILD)/same-bytes/$$(test "$$program" = $< && echo this || echo other) >/dev/null || exit 1; done
	$(Q)$(PYTHON) tools/checks/same_bytes.py compare $(BUILD)/same-bytes/other $(BUILD)/same-bytes/this

smoke: $(BUILD)/robmask | $(BUILD)/packages-demo
	$(Q)rm -rf $(BUILD)/smoke
	$(Q)ROBMASK=$(BUILD)/robmask tools/checks/smoke.sh $(BUILD)/smoke

tradeoff:
	+@$(MAKE) --no-print-directory FILTER='Slow*' test-here

kills: $(BUILD)/robmask
	$(Q)ROBMASK=$(BUILD)/robmask tools/checks/kills.sh
	$(Q)ROBMASK=$(BUILD)/robmask tools/checks/evaluation_kills.sh

# The same bits for any number of processes; also where some are killed, and where a cable is pulled (root).
shards-check: $(BUILD)/robmask
	$(Q)tools/checks/shards.sh $<
process-kills: $(BUILD)/robmask
	$(Q)ROBMASK=$(BUILD)/robmask tools/checks/process_kills.sh
network-check: $(BUILD)/robmask
	$(Q)ROBMASK=$(BUILD)/robmask tools/checks/network.sh

# Ends with 77 where there is no browser: make says so, and fails.
report-check: $(BUILD)/robmask | $(BUILD)/packages-report-check
	$(Q)ROBMASK=$(BUILD)/robmask PYTHONDONTWRITEBYTECODE=1 $(PYTHON) tools/checks/report_page.py \
	  $(BUILD)/report

pictures-check: $(BUILD)/robmask | $(BUILD)/packages-pictures-check
	$(Q)ROBMASK=$(BUILD)/robmask PYTHONDONTWRITEBYTECODE=1 $(PYTHON) tools/checks/pictures.py

weights-check: $(BUILD)/robmask | $(BUILD)/packages-golden
	$(Q)PYTHONDONTWRITEBYTECODE=1 $(PYTHON) tools/checks/checkpoints.py $<

# Ends with 77 where there is no Node, or no network to have the runtime from.
onnx-check: $(BUILD)/robmask | $(BUILD)/packages-onnx-check
	$(Q)ROBMASK=$(BUILD)/robmask PYTHONDONTWRITEBYTECODE=1 $(PYTHON) tools/checks/onnx_check.py \
	  $(BUILD)/onnx-check

# Ends with 77 where there is no PyTorch. OFFICIAL=FOLDER of fra31/auto-attack adds seconds of AutoAttack.
onnx-networks: $(BUILD)/robmask $(BUILD)/input_gradients
	$(Q)PYTHONDONTWRITEBYTECODE=1 $(PYTHON) tools/checks/onnx_networks.py --folder $(BUILD)/onnx-networks \
	  --robmask $< --gradients $(BUILD)/input_gradients $(if $(ONLY),--only '$(ONLY)') $(if $(OFFICIAL),--official '$(OFFICIAL)')

$(BUILD)/input_gradients: $(BUILD)/objects/tools/checks/input_gradients.o $(BUILD)/librobmask.a
	$(call say,link    $@)
	$(Q)$(LINK) -o $@ $^ $(LIBS) $(CUDA_LIBS)

bare-check:
	tools/checks/bare_debian.sh

bench: $(BUILD)/robmask
	$(BUILD)/robmask bench --workload train,pgd,robmask

# The benchmark beside PyTorch, as far as it goes without a GPU and PyTorch; and the models of time.
bench-check: $(BUILD)/robmask | $(BUILD)/packages-test
	$(PYTHON) tools/bench/floor.py --check
	$(PYTHON) tools/bench/scaling.py --check --robmask $<
	$(PYTHON) tools/bench/gpu_bench.py --robmask $< --device cpu --torch off --width 4 --batch 4,8 \
	  --rounds 1 --seconds 0 --out $(BUILD)/bench >$(BUILD)/bench.log 2>&1 || { cat $(BUILD)/bench.log; exit 1; }

golden: | $(BUILD)/packages-golden
	$(PYTHON) tests/golden/make_golden.py
	$(PYTHON) tests/golden/make_onnx.py

# ---- sanitizers -----------------------------------------------------------------------------------

SANITIZED = BUILD=$(BUILD)/asan OPTIMIZE='-O1 -D_GLIBCXX_ASSERTIONS' ISA=$(BEST) NVCC= \
            SANITIZE='-fsanitize=address,undefined -fno-sanitize-recover=all'
asan:  # with one instruction set and without the GPU, for time; the emulator guards memory itself
	+@$(MAKE) --no-print-directory $(SANITIZED) FILTER='$(FILTER)' test-here

# The same without the command line and what trains or attacks whole networks again and again: minutes.
LONG := Replay/*:Models/*:Resume.*:Recipes/*:Networks/*:AutoAttack.*:Attacks/*
asan-library:
	+@$(MAKE) --no-print-directory $(SANITIZED) TOOL= \
	  TESTS='$(filter-out tests/cli/% tests/commands/% tests/reproduce/%,$(TESTS))' $(BUILD)/asan/tests
	tools/checks/sharded.sh $(BUILD)/asan/tests --gtest_brief=$(BRIEF) '--gtest_filter=$(or $(FILTER),-Slow*:$(LONG))'

# ---- the fuzzer -----------------------------------------------------------------------------------

# libFuzzer is clang's, and clang compiles all but the kernels, of which no reader has any.
FUZZ_CXX        ?= clang++
FUZZ_SANITIZE   := -fsanitize=address,undefined,float-cast-overflow -fno-sanitize-recover=all
FUZZ_FLAGS      := -std=c++20 -O1 -g1 -D_GLIBCXX_ASSERTIONS -fopenmp-simd -pthread $(INCLUDES) \
                   $(FUZZ_SANITIZE) -fsanitize=fuzzer-no-link -DROBMASK_CPU_generic
fuzzed           = $(patsubst %.cpp,$(BUILD)/fuzz/objects/%.o,$(call together,$(1)))
FUZZED          := $(call fuzzed,$(LIBRARY) $(TOOL) $(FUZZERS)) $(BUILD)/fuzz/objects/$(ASSETS:.cpp=.o)
FUZZ_LINK = $(FUZZ_CXX) -pthread $(FUZZ_SANITIZE)
FUZZ_LIBS = -lfmt  # clang's engine/format.o lacks a destructor that its other objects call

$(BUILD)/fuzz/fuzzer: $(filter-out %/main.o,$(FUZZED)) $(BUILD)/cpu_generic.o $(BUILD)/sources
	$(call say,link    $@)
	$(Q)$(FUZZ_LINK) -fsanitize=fuzzer -o $@ $(filter %.o,$^) $(LIBS) $(FUZZ_LIBS)

$(BUILD)/fuzz/robmask: $(filter-out %/fuzz/all.o,$(FUZZED)) $(BUILD)/cpu_generic.o $(BUILD)/sources
	$(call say,link    $@)
	$(Q)$(FUZZ_LINK) -o $@ $(filter %.o,$^) $(LIBS) $(FUZZ_LIBS)

FUZZ = @mkdir -p $(@D)$(if $(V),,; echo "  compile $(<:$(BUILD)/objects/%/all.cpp=%/*.cpp)  (to be fuzzed)")
$(BUILD)/fuzz/objects/%.o: %.cpp $(BUILD)/fuzz/flags | $(BUILD)/packages-fuzz
	$(FUZZ)
	$(Q)$(FUZZ_CXX) $(FUZZ_FLAGS) -MMD -MP -c -o $@ $<
$(BUILD)/fuzz/objects/%.o: $(BUILD)/objects/%.cpp $(BUILD)/fuzz/flags | $(BUILD)/packages-fuzz
	$(FUZZ)
	$(Q)$(FUZZ_CXX) $(FUZZ_FLAGS) -MMD -MP -c -o $@ $<
-include $(FUZZED:.o=.d)

$(BUILD)/fuzz/flags: NOW := $(FUZZ_CXX) $(FUZZ_FLAGS)
$(BUILD)/fuzz/flags: force
	$(write_now)

# READERS are some of tests/fuzz/*_fuzzer.cpp; `commands` damages runs that robmask reads.
READERS := $(sort $(patsubst tests/fuzz/%_fuzzer.cpp,%,$(filter %_fuzzer.cpp,$(FUZZERS)))) commands
fuzz: $(BUILD)/fuzz/fuzzer $(BUILD)/fuzz/robmask
	$(Q)FUZZ=$(BUILD)/fuzz PYTHON='$(PYTHON)' SECONDS_EACH='$(FUZZ_SECONDS)' \
	  RUNS='$(FUZZ_RUNS)' tests/fuzz/run.sh $(READERS)

# ---- habits ---------------------------------------------------------------------------------------

WRITTEN := $(shell find $(wildcard engine layers attacks models data training tools tests) -name '*.cpp' -o -name '*.h' -o -name '*.cu')
TIDIED  := $(patsubst %.cpp,$(BUILD)/tidy/%,$(LIBRARY) $(KERNELS) $(TOOL))

format: | $(BUILD)/packages-lint
	clang-format -i $(WRITTEN)

lint: lint-format $(TIDIED)
lint-format: | $(BUILD)/packages-lint
	clang-format --dry-run --Werror $(WRITTEN)

# A file is looked at again when it, any header or the rules changed.
$(TIDIED): $(BUILD)/tidy/%: %.cpp $(filter %.h,$(WRITTEN)) .clang-tidy | $(BUILD)/packages-lint
	@mkdir -p $(@D)
	$(call say,tidy    $<)
	$(Q)clang-tidy --quiet $< -- -std=c++20 -fopenmp-simd $(INCLUDES) 2>/dev/null && touch $@
