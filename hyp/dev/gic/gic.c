/* SPDX-License-Identifier: Apache-2.0 */
/* Which interrupt controller this machine has. */
#include "dev/gic/gic.h"

#include "lib/err.h"
#include "lib/log.h"

const struct gic_ops *gic;
struct gic_limits gic_limits;

int gic_init(const struct gic_config *cfg)
{
	static const struct gic_ops *const drivers[] = { &gic_v2_ops, &gic_v3_ops };

	for (size_t i = 0; i < ARRAY_SIZE(drivers); i++) {
		int err;

		if (drivers[i]->version != cfg->version)
			continue;
		err = drivers[i]->init(cfg);
		if (!err)
			gic = drivers[i];
		return err;
	}
	log_err("gic: no driver for version %u", cfg->version);
	return -ENODEV;
}
