# make cifar10, make cifar100: the official binary archives (A. Krizhevsky) into .data/, by checksum.
#
#   make cifar10  && build/robmask train --data cifar10:.data …
#   make cifar100 && build/robmask train --data cifar100:.data …

DATA      ?= .data
CIFAR_URL ?= https://www.cs.toronto.edu/~kriz

cifar10:  ARCHIVE := cifar-10-binary.tar.gz
cifar10:  MD5     := c32a1d4ab5d03f1284b67883e8d87530
cifar10:  FOLDER  := cifar-10-batches-bin
cifar100: ARCHIVE := cifar-100-binary.tar.gz
cifar100: MD5     := 03b5dce01913d631647c71ecec9e9cb8
cifar100: FOLDER  := cifar-100-binary

# An archive that is already in $(DATA) is used as it is, so one fetched elsewhere serves offline.
# A download gets its name only once it is whole; a folder once its archive is fully unpacked.
.PHONY: cifar10 cifar100
cifar10 cifar100:
	@mkdir -p "$(DATA)"
	@if [ -d "$(DATA)/$(FOLDER)" ]; then echo "$(DATA)/$(FOLDER) is already there"; exit 0; fi; \
	archive="$(DATA)/$(ARCHIVE)"; \
	if [ ! -f "$$archive" ]; then \
	  echo "fetching $(CIFAR_URL)/$(ARCHIVE) (about 170 MB)"; \
	  { curl -fL --retry 2 --connect-timeout 20 -o "$$archive.part" $(CIFAR_URL)/$(ARCHIVE) || \
	    wget -T 20 -t 3 -O "$$archive.part" $(CIFAR_URL)/$(ARCHIVE); } && \
	  mv "$$archive.part" "$$archive" || { rm -f "$$archive.part"; \
	  echo "$(ARCHIVE): could not be fetched; is this machine offline?" >&2; \
	  echo "Fetch $(CIFAR_URL)/$(ARCHIVE) on a machine that is online," >&2; \
	  echo "copy it to $$archive and run 'make $@' again." >&2; \
	  echo "Without it, --data synthetic needs no files." >&2; exit 1; }; \
	fi; \
	sum=$$(md5sum < "$$archive" | cut -d' ' -f1); \
	if [ "$$sum" != $(MD5) ]; then \
	  echo "$$archive: expected the MD5 sum $(MD5), got $$sum; remove the file and try again" >&2; \
	  exit 1; \
	fi; \
	cd "$(DATA)" && rm -rf unpacking && mkdir unpacking && \
	tar -xzf $(ARCHIVE) -C unpacking && mv unpacking/$(FOLDER) . && \
	rmdir unpacking && echo "unpacked $(DATA)/$(FOLDER): use --data $@:$(DATA)"
