################################################################################
#
# dozvon
#
################################################################################

# The program is static and was made before, by the project's own scripts:
# nothing is downloaded or compiled. Another one: DOZVON_BINARY=FILE in the
# environment, then make dozvon-dirclean all. Its user is in ../image/rootfs.
DOZVON_VERSION ?= $(shell sed -n 's/^version = "\(.*\)"/\1/p' \
	$(BR2_EXTERNAL_DOZVON_PATH)/../Cargo.toml | head -n 1)
DOZVON_BINARY ?= $(BR2_EXTERNAL_DOZVON_PATH)/../target/x86_64-unknown-linux-musl/release/dozvon
DOZVON_SOURCE =
DOZVON_LICENSE = Apache-2.0
DOZVON_REDISTRIBUTE = NO

define DOZVON_INSTALL_TARGET_CMDS
	$(INSTALL) -D -m 0755 $(DOZVON_BINARY) $(TARGET_DIR)/usr/bin/dozvon
endef

$(eval $(generic-package))
