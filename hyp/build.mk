# SPDX-License-Identifier: Apache-2.0
# The hypervisor: $(B)/dormouse.elf (symbols), $(B)/dormouse.bin (arm64 Image to load).

HYP_O := $(B)/hyp
hyp_C := $(sort $(shell find hyp -name '*.c' ! -path hyp/arch/offsets.c))
hyp_S := $(sort $(shell find hyp -name '*.S'))
hyp_OBJ := $(hyp_C:%.c=$(B)/%.o) $(hyp_S:%.S=$(B)/%.S.o)
# hyp/lib/libc gives libfdt's headers the C library names they include.
HYP_CPPFLAGS := -Ihyp -Iinclude -isystem hyp/lib/libc -I$(HYP_O) -isystem $(LIBFDT_INC) -isystem $(XEN_INC)

# Small, but for what runs at each exit of a guest, each interrupt and each change of vCPU, or at each step of a suspend.
hyp_FAST := $(wildcard hyp/arch/*.c hyp/virt/vgic/*.c hyp/dev/gic/*.c) \
	$(addprefix hyp/core/,cpu.c irq.c sched.c timer.c vcpu.c) $(addprefix hyp/lib/,bitmap.c string.c) \
	$(addprefix hyp/virt/,sysregs.c trap.c vmmio.c vpsci.c vtimer.c hypercall/dispatch.c hypercall/version.c) hyp/mm/stage2.c \
	$(addprefix hyp/suspend/,engine.c journal.c)
# A function's frame may not eat the 8 KiB stack; -fstack-usage leaves the numbers beside the objects.
# The tiny model: all is within a MiB. Not for clang, whose loads from the GOT lld can't link then.
HYP_CFLAGS := $(TARGET_CFLAGS) $(if $(LLVM),,-mcmodel=tiny) -Os -Wframe-larger-than=768 -fstack-usage

$(HYP_O)/offsets.h: hyp/arch/offsets.c
	@mkdir -p $(@D)
	$(call say,GEN,$@)
	$(Q)$(CC) $(TARGET_CFLAGS) -Ihyp -Iinclude -S $< -o $(HYP_O)/offsets.s -MMD -MP -MT $@ -MF $(HYP_O)/offsets.d
	$(Q)sed -n 's/^.*"->\([A-Z0-9_]*\) [#$$]*\([0-9]*\)".*$$/#define \1 \2/p' $(HYP_O)/offsets.s > $@

$(hyp_FAST:%.c=$(B)/%.o): HYP_CFLAGS += -O2

$(B)/hyp/%.o: hyp/%.c $(HYP_O)/offsets.h Makefile hyp/build.mk | $(LIBFDT) $(XEN_DEP)
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(HYP_CFLAGS) $(HYP_CPPFLAGS) -MMD -MP -c $< -o $@

$(B)/hyp/%.S.o: hyp/%.S $(HYP_O)/offsets.h
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(TARGET_ASFLAGS) $(HYP_CPPFLAGS) -MMD -MP -c $< -o $@

# lld has to be told what is ld's default: addends in the words themselves, where the table below leaves them.
HYP_LDFLAGS := -static -pie --no-dynamic-linker -z text -z noexecstack -z norelro --build-id=none --hash-style=sysv \
	--gc-sections $(if $(LLVM),--apply-dynamic-relocs -O2)

$(B)/dormouse-linked.elf: $(hyp_OBJ) $(LIBFDT) hyp/dormouse.lds hyp/build.mk
	$(call say,LD,$@)
	$(Q)$(LD) $(HYP_LDFLAGS) -T hyp/dormouse.lds -o $@ $(hyp_OBJ) $(LIBFDT)

$(B)/dormouse.elf: $(B)/dormouse-linked.elf scripts/pack-relocs
	$(call say,RELOCS,$@)
	$(Q)$(PYTHON) scripts/pack-relocs $< $@

$(B)/dormouse.bin: $(B)/dormouse.elf
	$(call say,OBJCOPY,$@)
	$(Q)$(OBJCOPY) -O binary $< $@

all: $(B)/dormouse.bin

# The include rule of docs/design.md, whenever a source has changed; and that each header compiles on its own.
hyp_HEADERS := $(sort $(shell find hyp include -name '*.h' ! -path 'hyp/lib/libc/*' ! -path hyp/arch/asm.h))

$(HYP_O)/layers.ok: $(hyp_C) $(hyp_S) $(hyp_HEADERS) $(wildcard firmware/*.[chS] tools/dormouse/*.[ch]) scripts/check-layers
	@mkdir -p $(@D)
	$(call say,CHECK,include rule)
	$(Q)$(PYTHON) scripts/check-layers && touch $@

$(HYP_O)/%.h.ok: %.h $(HYP_O)/offsets.h | $(LIBFDT) $(XEN_DEP)
	@mkdir -p $(@D)
	$(Q)$(CC) $(TARGET_CFLAGS) -Wno-unused $(HYP_CPPFLAGS) -fsyntax-only -x c -include $< -MMD -MP -MF $@.d -MT $@ /dev/null
	@touch $@

hyp-headers: $(hyp_HEADERS:%=$(HYP_O)/%.ok)
hyp-checks: $(HYP_O)/layers.ok hyp-headers
all: hyp-checks
.PHONY: hyp-checks hyp-headers

-include $(hyp_HEADERS:%=$(HYP_O)/%.ok.d)

-include $(hyp_OBJ:.o=.d) $(HYP_O)/offsets.d
