# To learn from (docs/course/):
#
# make first-network  a network of one's own, its accuracy clean and attacked, in half a minute
# make lesson-3       the tests of a lesson's exercises; the first time it copies those to answers/lesson_3
# make program-3-1    a lesson's program, to be changed: it is copied to answers/program_3-1.cpp
# make solution-3     the same tests on the solutions
# make ladders        from the definition of a convolution to what the engine does, step by step, timed
# make counted-ladder the same on the emulated GPU, where accesses are counted (gpu-ladder: timed)
# make figures        draws the course's figures anew
# make places         writes today's line numbers into docs/flow.md
# make course-check   every program, excerpt and command of the course, the solutions, the ladders' results

.PHONY: first-network ladders counted-ladder figures places course-check
compiled = $(patsubst %.cpp,$(BUILD)/course/%.o,$(1))
LESSONS := $(patsubst tools/course/lesson_%,%,$(wildcard tools/course/lesson_*))

# ---- a first network ------------------------------------------------------------------------------

$(BUILD)/course/first_network: $(call compiled,tools/course/first_network.cpp) $(BUILD)/librobmask.a
	$(call say,link    $@)
	$(Q)$(LINK) -o $@ $^ $(LIBS) $(CUDA_LIBS)

first-network: $(BUILD)/course/first_network
	$<

# ---- ladders --------------------------------------------------------------------------------------

# Each folder is a program; its rungs are compiled for this processor alone, as fast as it can.
LADDERS := convolution mask derivative
LADDER_PROGRAMS := $(LADDERS:%=$(BUILD)/ladder/%)
rungs = $(patsubst tools/ladder/%.cpp,$(BUILD)/ladder/objects/%.o,$(wildcard tools/ladder/*.cpp tools/ladder/$(1)/*.cpp))

$(BUILD)/ladder/objects/%.o: tools/ladder/%.cpp $(BUILD)/flags | $(BUILD)/packages-test
	@mkdir -p $(@D)
	$(call say,compile $<  ($(BEST)))
	$(Q)$(CXX) $(FLAGS) $(MARCH_$(BEST)) -MMD -MP -c -o $@ $<

define ladder_rules
$(BUILD)/ladder/$(1): $(call rungs,$(1)) $(BUILD)/librobmask.a
	$$(call say,link    $$@)
	$$(Q)$$(LINK) -o $$@ $$^ $$(LIBS) $$(CUDA_LIBS)
-include $(patsubst %.o,%.d,$(call rungs,$(1)))
endef
$(foreach ladder,$(LADDERS),$(eval $(call ladder_rules,$(ladder))))

ladders: $(LADDER_PROGRAMS)
	$(Q)for ladder in $^; do $$ladder || exit 1; done

# The GPU's, on the emulator, which does not time but count.
COUNTED := $(BUILD)/ladder/gpu_convolution
counted_objects := $(call emulated,$(filter-out %/timing.cu,$(GPU_LADDER)) tools/ladder/gpu_convolution/counting.cpp)
$(COUNTED): $(counted_objects) $(RUNNER:%=$(BUILD)/ladder/objects/%.o) $(EMULATED)
	$(call say,link    $@)
	$(Q)$(LINK) -o $@ $(filter %.o,$^) $(LIBS)
$(counted_objects): | $(BUILD)/packages-test
-include $(counted_objects:.o=.d)

counted-ladder: $(COUNTED)
	$<

# ---- lessons --------------------------------------------------------------------------------------

# Exercises are copied to answers/, which git ignores, so that nobody's answers are overwritten. The
# last lesson's run on the emulated GPU, which names the line of a mistake where it knows lines (-g1).
EXERCISES := $(wildcard tools/course/lesson_*/*.cpp tools/course/solutions/lesson_*/*.cpp)
LESSON_FLAGS = $(FLAGS) -O1 -g1 -DROBMASK_CUDA $(LENIENT) -MMD -MP
LINK_TESTS = $(Q)$(LINK) -o $@ $(filter %.o %.a,$^) $(LIBS) $(CUDA_LIBS) -lgtest -lgtest_main

.PHONY: $(LESSONS:%=lesson-%) $(LESSONS:%=solution-%)
$(LESSONS:%=lesson-%): lesson-%: $(BUILD)/course/answers-%
	$(Q)$< --gtest_brief=0 --gtest_print_time=0 >$<.log 2>&1; status=$$?; cat $<.log; \
	echo "lesson $*: $$(grep -c '^\[       OK' $<.log) of $$(sed -n 's/.*Running \([0-9]*\) test.*/\1/p' $<.log) tests pass;" \
	  "your answers are in answers/lesson_$*/"; exit $$status
$(LESSONS:%=solution-%): solution-%: $(BUILD)/course/solutions-%
	$< --gtest_brief=0 --gtest_print_time=0

# lesson_rules NUMBER: the tests with the reader's answers, with the solutions, with the exercises as they are
exercises_of = $(filter-out %_test.cpp,$(wildcard tools/course/lesson_$(1)/*.cpp))
answers_of   = $(patsubst tools/course/%,answers/%,$(exercises_of))
define lesson_rules
linked_$(1) := $(BUILD)/course/tools/course/lesson_$(1)/exercises_test.o $(if $(filter 8,$(1)),$(EMULATED),$(BUILD)/librobmask.a)
$(BUILD)/course/answers-$(1): $(call compiled,$(answers_of)) $$(linked_$(1))
	$$(LINK_TESTS)
$(BUILD)/course/solutions-$(1): $(call compiled,$(wildcard tools/course/solutions/lesson_$(1)/*.cpp)) $$(linked_$(1))
	$$(LINK_TESTS)
$(BUILD)/course/unsolved-$(1): $(call compiled,$(exercises_of)) $$(linked_$(1))
	$$(LINK_TESTS)
$(call compiled,$(answers_of)): LENIENT := -Wno-error
$(answers_of): answers/%:
	@mkdir -p $$(@D) && cp tools/course/$$* $$@ && echo "  copy    $$@"
endef
$(foreach n,$(LESSONS),$(eval $(call lesson_rules,$(n))))

$(BUILD)/course/%.o: %.cpp $(BUILD)/flags | $(BUILD)/packages-test
	@mkdir -p $(@D)
	$(call say,compile $<)
	$(Q)$(CXX) $(LESSON_FLAGS) -c -o $@ $<
-include $(patsubst %.o,%.d,$(call compiled,tools/course/first_network.cpp $(EXERCISES) $(wildcard answers/*/*.cpp)))

# A program of a lesson, to be changed.
.PRECIOUS: answers/program_%.cpp $(BUILD)/course/%.o $(BUILD)/course/program_% $(BUILD)/course/program_8-%
answers/program_%.cpp:
	@mkdir -p answers
	$(Q)$(PYTHON) tools/checks/course.py --write $* $@
	@echo "  write   $@"
$(BUILD)/course/program_8-%: $(BUILD)/course/answers/program_8-%.o $(EMULATED)
	$(Q)$(LINK) -o $@ $^ $(LIBS)
$(BUILD)/course/program_%: $(BUILD)/course/answers/program_%.o $(BUILD)/librobmask.a
	$(Q)$(LINK) -o $@ $^ $(LIBS) $(CUDA_LIBS)
program-%: LENIENT := -Wno-error
program-%: $(BUILD)/course/program_% answers/program_%.cpp
	$<
	@echo "answers/program_$*.cpp is yours to change."

# ---- figures --------------------------------------------------------------------------------------

FIGURES := $(call compiled,$(wildcard tools/course/figures/*.cpp))
$(BUILD)/course/figures: $(FIGURES) $(BUILD)/librobmask.a
	$(call say,link    $@)
	$(Q)$(LINK) -o $@ $^ $(LIBS) $(CUDA_LIBS)
-include $(FIGURES:.o=.d)

figures: $(BUILD)/course/figures
	$< docs/course/figures

# ---- checks ---------------------------------------------------------------------------------------

places:
	$(PYTHON) tools/checks/places.py --mend docs/flow.md

# What is printed must be what the text says; solutions pass, and no test passes without them.
course-check: $(BUILD)/robmask $(BUILD)/course/figures $(BUILD)/course/first_network $(LADDER_PROGRAMS) $(COUNTED) $(EMULATED) $(foreach n,$(LESSONS),$(BUILD)/course/solutions-$(n) $(BUILD)/course/unsolved-$(n))
	$(Q)for ladder in $(LADDER_PROGRAMS); do $$ladder --check || exit 1; done
	$(Q)$(COUNTED) --text docs/ladders.md
	$(Q)CXX_COMMAND='$(LINK) $(LESSON_FLAGS)' LIBRARY='$(BUILD)/librobmask.a $(LIBS) $(CUDA_LIBS)' \
	  EMULATED='$(EMULATED) $(LIBS)' $(PYTHON) tools/checks/course.py $(BUILD)/course/programs
	$(Q)$(PYTHON) tools/checks/places.py docs/flow.md
	$(Q)for n in $(LESSONS); do $(BUILD)/course/solutions-$$n --gtest_brief=$(BRIEF) || exit 1; done
	$(Q)for n in $(LESSONS); do $(BUILD)/course/unsolved-$$n --gtest_brief=0 >$(BUILD)/course/unsolved.log; \
	  grep -q '^\[  FAILED' $(BUILD)/course/unsolved.log && ! grep '^\[       OK' $(BUILD)/course/unsolved.log || \
	  { echo "lesson $$n: a test passes without being solved" >&2; exit 1; }; done
	$(Q)test "$$($(BUILD)/course/first_network | grep -c 'of 500 are right')" = 2
