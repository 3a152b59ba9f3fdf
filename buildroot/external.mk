include $(sort $(wildcard $(BR2_EXTERNAL_DOZVON_PATH)/package/*/*.mk))
