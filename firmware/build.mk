# SPDX-License-Identifier: Apache-2.0
# The EL3 firmware: $(B)/firmware.bin for QEMU's -bios, $(B)/firmware.elf for a debugger.

FW_SRCS := $(wildcard firmware/*.S) $(wildcard firmware/*.c)
# Strings and formats are the hypervisor's.
FW_LIB  := hyp/lib/string.c hyp/lib/print.c
FW_OBJS := $(patsubst firmware/%,$(B)/firmware/%.o,$(FW_SRCS)) $(FW_LIB:hyp/%.c=$(B)/firmware/%.c.o)
FW_INC  := -Iinclude -Ifirmware -Ihyp

# FP/SIMD is ours to use here only in libfdt and where entry.S clears it.
FW_CFLAGS  := $(TARGET_CFLAGS) $(FW_INC) -fno-builtin -mno-outline-atomics
# Only the files that use libfdt see its headers.
$(B)/firmware/dt.c.o $(B)/firmware/dt_read.c.o $(B)/firmware/modules.c.o: \
	FW_EXTRA := -isystem $(LIBFDT_INC)
$(B)/firmware/dt.c.o $(B)/firmware/dt_read.c.o $(B)/firmware/modules.c.o: | $(LIBFDT)

$(B)/firmware/%.c.o: firmware/%.c firmware/build.mk
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(FW_CFLAGS) $(FW_EXTRA) -MMD -MP -c $< -o $@

$(B)/firmware/lib/%.c.o: hyp/lib/%.c firmware/build.mk
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(FW_CFLAGS) -MMD -MP -c $< -o $@

$(B)/firmware/%.S.o: firmware/%.S firmware/build.mk
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(TARGET_ASFLAGS) $(FW_INC) -MMD -MP -c $< -o $@

$(B)/firmware.elf: $(FW_OBJS) firmware/firmware.ld $(LIBFDT)
	$(call say,LD,$@)
	$(Q)$(LD) -static --gc-sections -z noexecstack --build-id=none --fatal-warnings \
		-T firmware/firmware.ld $(FW_OBJS) $(LIBFDT) -o $@

$(B)/firmware.bin: $(B)/firmware.elf
	$(call say,OBJCOPY,$@)
	$(Q)$(OBJCOPY) -O binary $< $@

firmware: $(B)/firmware.bin
all: $(B)/firmware.bin

-include $(FW_OBJS:.o=.d)

.PHONY: firmware
