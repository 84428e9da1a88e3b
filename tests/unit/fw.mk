# SPDX-License-Identifier: Apache-2.0
# The firmware's pure parts.
unit_fw_options_SRCS   := firmware/options.c hyp/lib/print.c
unit_fw_options_CFLAGS := -Ifirmware
unit_fw_image_SRCS     := firmware/image.c
unit_fw_image_CFLAGS   := -Ifirmware
unit_fw_psci_SRCS      := firmware/psci.c firmware/psci_check.c
unit_fw_psci_CFLAGS    := -Ifirmware
