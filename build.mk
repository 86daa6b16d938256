# What there is to compile, and how. The Makefile includes this file; gpu.mk and checks.mk go on from here.

# g++ 12 sees overlapping copies in string + string at -O3 that are not there (gcc bug 105651).
WARNINGS := -Wall -Wextra -Wshadow=local -Wnon-virtual-dtor -Werror -Wno-restrict
# And, with sanitizers, values in std::regex that are not set (gcc bug 105562).
WARNINGS += $(if $(SANITIZE),-Wno-maybe-uninitialized)
INCLUDES := -I.
# A sanitizer's report names lines; for a debugger or a profiler, EXTRA=-g1. A section for each function:
# a program takes from the library what it calls, and no more.
FLAGS    := -std=c++20 $(OPTIMIZE) $(if $(SANITIZE),-g1) -ffunction-sections -fdata-sections -fopenmp-simd \
            -pthread $(WARNINGS) $(INCLUDES) $(SANITIZE) $(EXTRA)
LINK     := $(CXX) -pthread -Wl,--gc-sections $(SANITIZE) $(LDFLAGS)
OWN_LIBS := -lpng -ljpeg -lz
LIBS      = $(OWN_LIBS) $(ONNX_LIBS) $(MPI_LIBS)
# ONNX files are read and written by the system's library where it is, which is known once packages are
# installed; programs that read none do not need it.
ONNX_LIBS = $(if $(shell ls /usr/include/onnx/onnx_pb.h 2>/dev/null),-Wl$(comma)--as-needed -lonnx_proto -lprotobuf -Wl$(comma)--no-as-needed)
# Several processes talk over the system's MPI where it is.
MPI_FLAGS = $(shell pkg-config --cflags mpi-c 2>/dev/null)
MPI_LIBS  = $(if $(MPI_FLAGS),-Wl$(comma)--as-needed $(shell pkg-config --libs mpi-c) -Wl$(comma)--no-as-needed)
comma    := ,

# ---- sources --------------------------------------------------------------------------------------

LIBRARY := $(wildcard $(addsuffix /*.cpp,engine engine/ops layers attacks models models/onnx data data/codecs \
             data/files data/onnx training))
TOOL    := $(wildcard $(addprefix tools/robmask/,*.cpp options/*.cpp help/*.cpp report/*.cpp reproduce/*.cpp))
CLASSIFY := $(wildcard tools/classify/*.cpp)
# The files of the report's page and the paper's tables, as strings in a source file of their own.
PAGE    := $(addprefix tools/robmask/report/,page.html style.css charts.js page.js) \
           tools/robmask/reproduce/experiments.txt
ASSETS  := tools/robmask/report/assets.cpp
EMULATOR := $(wildcard tests/gpu_emulator/*.cpp)
FUZZERS := $(wildcard tests/fuzz/*.cpp)
TESTS   := $(filter-out $(EMULATOR) $(FUZZERS),$(wildcard tests/*.cpp tests/*/*.cpp))
KERNELS := $(wildcard engine/cpu/*.cpp)

# The CPU backend is compiled once for each instruction set and linked into one relocatable object that
# exports one symbol, so that no function built for a newer processor can be picked elsewhere
# (-fno-gnu-unique: the statics of inline functions would stay global).
ifeq ($(origin ISA),undefined)
ISA := generic
ifeq ($(shell $(CXX) -dumpmachine | cut -d- -f1),x86_64)
ISA += avx2 avx512
endif
endif
MARCH_avx2   := -march=x86-64-v3
MARCH_avx512 := -march=x86-64-v4 -mprefer-vector-width=512
# g++ 12 warns about "undefined" vectors inside its own AVX-512 header (gcc bug 105593).
MARCH_avx512 += -Wno-uninitialized -Wno-maybe-uninitialized

# The best one for the processor that builds, as the dynamic linker knows it.
LEVELS := $(shell /lib64/ld-linux-x86-64.so.2 --help 2>/dev/null | sed -n 's/^ *x86-64-\(v[34]\) .supported.*/\1/p')
BEST   := $(if $(filter v4,$(LEVELS)),avx512,$(if $(filter v3,$(LEVELS)),avx2,generic))

# ---- objects --------------------------------------------------------------------------------------

# Most of a file's compile time goes into the headers of the standard library and of JSON, so the files
# of a folder are compiled together, as one that includes them: a fifth of the time. What depends on
# flags of its own, takes long, or must stay out of a program, is compiled alone.
ALONE    := $(addprefix engine/,backend.cpp cpu.cpp format.cpp mpi.cpp threads.cpp cpu/pixel_product.cpp cpu/tap_product.cpp) \
            tools/robmask/main.cpp tools/robmask/commands.cpp tools/examples/% tools/checks/%
together  = $(addsuffix all.cpp,$(sort $(dir $(filter-out $(ALONE),$(1))))) $(filter $(ALONE),$(1))
objects   = $(patsubst %.cpp,$(BUILD)/objects/%.o,$(call together,$(1)))
LIBRARY_OBJECTS := $(call objects,$(LIBRARY))
TOOL_OBJECTS    := $(call objects,$(TOOL)) $(BUILD)/objects/$(ASSETS:.cpp=.o)
TEST_OBJECTS    := $(call objects,$(TESTS))
kernels          = $(patsubst %.cpp,$(BUILD)/objects/$(1)/%.o,$(call together,$(KERNELS)))

# The demo shows something sooner with kernels for this processor alone and without the GPU. All other
# objects are those of build/robmask.
DEMO_ISA := $(lastword $(filter generic $(BEST),$(ISA)))
CHOSEN   := engine/backend.o engine/cpu.o  # know what is built in
DEMO     := $(filter-out $(addprefix %/,$(CHOSEN)),$(LIBRARY_OBJECTS)) $(BUILD)/cpu_$(DEMO_ISA).o \
            $(addprefix $(BUILD)/demo/$(DEMO_ISA)/,$(CHOSEN))

# Programs that need nothing beside them: every kernel of the CPU; no GPU, no ONNX and no MPI, whose
# driver and libraries are shared ones.
WITHOUT  := $(addprefix $(BUILD)/static/,data/onnx/all.o engine/mpi.o)
STATIC   := $(filter-out %/engine/backend.o %/data/onnx/all.o %/engine/mpi.o,$(LIBRARY_OBJECTS)) \
            $(BUILD)/static/engine/backend.o $(WITHOUT)
# What robmask packs weights into (tools/classify). Sanitizers are shared libraries.
PACKABLE := $(if $(SANITIZE),,$(BUILD)/objects/tools/classify/program.o)

# ---- compiling ------------------------------------------------------------------------------------

$(BUILD)/objects/%.o: %.cpp $(BUILD)/flags | $(BUILD)/packages-build
	@mkdir -p $(@D)
	$(call say,compile $<)
	$(Q)$(CXX) $(FLAGS) $(ALSO) -MMD -MP -c -o $@ $<
$(BUILD)/objects/engine/mpi.o: ALSO = $(MPI_FLAGS)

# What computes for long is in engine, attacks and data. The rest, which is most of what there is to
# compile, starts it and reports, and is optimized for size, or checks, and is optimized less, for time.
COLD := $(if $(filter -O3,$(OPTIMIZE)),-Os)
$(addprefix $(BUILD)/objects/,tools/%.o training/%.o data/files/%.o data/onnx/%.o models/onnx/%.o): FLAGS += $(COLD)
$(BUILD)/objects/tests/%.o: FLAGS += $(if $(SANITIZE),-O0,$(COLD:-Os=-O1))
$(BUILD)/objects/tests/reference/%.o: FLAGS += $(if $(SANITIZE),-O1)  # loops over whole networks

$(BUILD)/demo/$(DEMO_ISA)/%.o: %.cpp $(BUILD)/flags | $(BUILD)/packages-build
	@mkdir -p $(@D)
	$(call say,compile $<  (demo))
	$(Q)$(CXX) $(FLAGS) -DROBMASK_CPU_$(DEMO_ISA) -MMD -MP -c -o $@ $<

$(BUILD)/static/%.o: %.cpp $(BUILD)/flags | $(BUILD)/packages-build
	@mkdir -p $(@D)
	$(call say,compile $<  (static))
	$(Q)$(CXX) $(FLAGS) -DROBMASK_WITHOUT_MPI -MMD -MP -c -o $@ $<
$(BUILD)/static/%/all.o: $(BUILD)/objects/%/all.cpp $(BUILD)/flags | $(BUILD)/packages-build
	$(call say,compile $*/*.cpp  (static))
	@mkdir -p $(@D)
	$(Q)$(CXX) $(FLAGS) -DROBMASK_WITHOUT_ONNX -MMD -MP -c -o $@ $<

# A program as bytes: robmask_classify_begin to robmask_classify_end.
$(BUILD)/objects/tools/classify/program.o: $(BUILD)/classify
	$(Q)printf '%s\n' '.section .note.GNU-stack,"",@progbits' '.section .rodata.classify,"a",@progbits' \
	  '.global robmask_classify_begin, robmask_classify_end' '.balign 16' 'robmask_classify_begin:' \
	  '.incbin "$<"' 'robmask_classify_end:' | $(CXX) -c -x assembler -o $@ -

# FOLDER/all.cpp includes the folder's files; written anew when one came or went, and kept, since a
# new one makes its object old.
.PRECIOUS: $(BUILD)/objects/%/all.cpp
in_folder = $(foreach file,$(filter-out $(ALONE),$(LIBRARY) $(KERNELS) $(TOOL) $(CLASSIFY) $(TESTS) $(FUZZERS)),$(if $(filter $(1)/,$(dir $(file))),$(file)))
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

# compile_for VARIANT, an ISA or ISA-f32: its kernels of f32 alone, for packed programs
isa_of = $(1:%-f32=%)
define compile_for
	@mkdir -p $(@D)
	$(call say,compile $(<:$(BUILD)/objects/%/all.cpp=%/*.cpp)  ($(1)))
	$(Q)$(CXX) $(FLAGS) $(MARCH_$(isa_of)) $(if $(filter %-f32,$(1)),-DROBMASK_F32_ONLY) \
	  -fno-gnu-unique -DROBMASK_ISA=$(isa_of) -MMD -MP -c -o $@ $<
endef
define isa_rules
$(BUILD)/objects/$(1)/%.o: %.cpp $(BUILD)/flags | $(BUILD)/packages-build
	$$(call compile_for,$(1))
$(BUILD)/objects/$(1)/%/all.o: $(BUILD)/objects/%/all.cpp $(BUILD)/flags | $(BUILD)/packages-build
	$$(call compile_for,$(1))

$(BUILD)/cpu_$(1).o: $(call kernels,$(1)) $(BUILD)/sources
	$$(call say,library $$@)
	$$(Q)$$(LD) -r --force-group-allocation -o $$@ $$(filter %.o,$$^)
	$$(Q)$$(OBJCOPY) --keep-global-symbol=robmask_cpu_$(isa_of) $$@
endef
$(foreach isa,$(ISA) $(ISA:%=%-f32),$(eval $(call isa_rules,$(isa))))

$(BUILD)/objects/data/onnx/all.o $(BUILD)/objects/engine/mpi.o: $(BUILD)/found
$(BUILD)/found: NOW = $(ONNX_LIBS) $(MPI_LIBS)
$(BUILD)/found: force | $(BUILD)/packages-build
	$(write_now)
$(BUILD)/objects/engine/cpu.o: FLAGS += $(ISA:%=-DROBMASK_CPU_%)
$(BUILD)/objects/engine/cpu.o: $(BUILD)/sources
$(TEST_OBJECTS): | $(BUILD)/packages-test

-include $(patsubst %.o,%.d,$(call objects,tools/examples/pictures.cpp $(CLASSIFY)) $(STATIC) $(DEMO) $(LIBRARY_OBJECTS) \
  $(TOOL_OBJECTS) $(TEST_OBJECTS) $(foreach isa,$(ISA) $(ISA:%=%-f32),$(call kernels,$(isa))))

# Other flags, or a file that came or went, change these files, and that rebuilds what they concern.
write_now = @mkdir -p $(@D); echo '$(NOW)' | cmp -s - $@ || echo '$(NOW)' > $@
$(BUILD)/flags:   NOW := $(CXX) $(FLAGS) $(COLD) $(MARCH_avx2) $(MARCH_avx512)
$(BUILD)/sources: NOW := $(LIBRARY) $(TOOL) $(CLASSIFY) $(TESTS) $(FUZZERS) $(KERNELS) $(ISA)
$(BUILD)/flags $(BUILD)/sources: force
	$(write_now)
