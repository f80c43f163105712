#!/bin/sh
# Install Coursekeeper on this machine, or bring an installed one to this version. Asks five questions, shows what it
# will do, does it, and prints the address and the set-up code. Everything else is done in the browser.
#
#   sudo sh install.sh [--systemd] [--yes] [--dry-run] [--uninstall]
#                      [--form domain|tailscale|lan|local] [--name NAME] [--port N]
#                      [--data FOLDER] [--database sqlite|postgres] [--image NAME] [--folder FOLDER]
#
#   --systemd     without containers: a user, a service and Caddy of their own (Debian, Ubuntu)
#   --yes         asks nothing: what is not given is as it was, or as usual
#   --dry-run     prints what it would do, with every file, and does nothing
#   --uninstall   stops and removes the program; the data folder and the settings stay
#   --image NAME  an image from a registry; else the release's archive beside this folder, else built here
#   --folder F    where compose.yaml and .env go (/srv/coursekeeper)
set -eu

here=$(cd "$(dirname "$0")" && pwd)
folder=/srv/coursekeeper
settings=/etc/coursekeeper
programs=/opt/coursekeeper
user_id=10001
longest_wait_s=180

say() { printf '%s\n' "$*" >&2; }
fail() { say "$*" && exit 1; }
has() { command -v "$1" >/dev/null 2>&1; }

# --- What is wanted -----------------------------------------------------------------------------------------

systemd='' yes='' dry='' uninstall='' form='' name='' port='' data='' database='' image=''
while [ $# -gt 0 ]; do
    case $1 in
    --systemd) systemd=1 ;;
    --yes) yes=1 ;;
    --dry-run) dry=1 ;;
    --uninstall) uninstall=1 ;;
    --form | --name | --port | --data | --database | --image | --folder)
        [ $# -gt 1 ] || fail "$1 needs a value."
        case $1 in
        --form) form=$2 ;; --name) name=$2 ;; --port) port=$2 ;;
        --data) data=$2 ;; --database) database=$2 ;; --image) image=$2 ;;
        --folder) folder=$2 ;;
        esac
        shift
        ;;
    -h | --help) sed -n '2,/^set/s/^# \{0,1\}//p' "$0" && exit 0 ;;
    *) say "I don't know $1. install.sh --help lists what there is." && exit 2 ;;
    esac
    shift
done

version=$(sed -n 's/^VERSION = "\(.*\)"/\1/p' "$here/../plugin/version.py" 2>/dev/null || true)
version=${version:-$(cat "$here/VERSION" 2>/dev/null || true)}
[ -n "$version" ] || fail "This script must stay beside the files it came with."
answers=$folder/.env
[ -z "$systemd" ] || answers=$settings/coursekeeper.env

# The value of a setting of the last installation, nothing where there is none.
was() { sed -n "s/^$1=//p" "$answers" 2>/dev/null | tail -1; }

# ask VARIABLE QUESTION USUAL: keeps what was given as an option.
ask() {
    eval "given=\$$1"
    if [ -z "$given" ] && [ -z "$yes" ]; then
        printf '%s [%s]: ' "$2" "$3" >&2
        read -r given || given=''
    fi
    given=${given:-$3}
    eval "$1=\$given"
}

introduce() {
    say "Coursekeeper $version. Return takes what stands in brackets."
    say ""
    say "1. How is the desk's address reached?"
    say "     lan        inside the clinic's network only, with a certificate of your own"
    say "     domain     by a name of your own, from the internet (ports 80 and 443 lead here)"
    say "     tailscale  by this machine's name in your Tailscale network"
    say "     local      through a tunnel or proxy of your own on this machine"
}

ask_everything() {
    [ -n "$yes" ] || introduce
    ask form "   Form" "$(was ADDRESS_FORM | grep . || echo lan)"
    case $form in
    lan) usual=$({ hostname 2>/dev/null || echo desk; } | cut -d. -f1).local ;;
    *) usual=desk.example.org ;;
    esac
    ask name "2. Its name" "$(was ADDRESS | grep . || echo "$usual")"
    if [ "$form" = local ]; then
        ask port "3. The port on 127.0.0.1" "$(was LOCAL_PORT | grep . || echo 8000)"
    else
        ask port "3. Its port" "$(was HTTPS_PORT | grep . || echo 443)"
    fi
    if [ -n "$systemd" ]; then usual=/var/lib/coursekeeper; else usual=$folder/data; fi
    ask data "4. The folder of its data" "$(was DATA_FOLDER | grep . || echo "$usual")"
    if [ -n "$(was POSTGRES_PASSWORD)" ]; then usual=postgres; else usual=sqlite; fi
    ask database "5. The database, sqlite (a file, enough for a clinic) or postgres" "$usual"
}

matches() { printf '%s' "$1" | grep -Eqx "$2"; }

check_answers() {
    case $form in lan | domain | tailscale | local) ;; *) fail "The form of address is lan, domain, tailscale or local." ;; esac
    case $database in sqlite | postgres) ;; *) fail "The database is sqlite or postgres." ;; esac
    matches "$name" '[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?' || fail "'$name' is no name of a machine, such as desk.example.org."
    { matches "$port" '[1-9][0-9]{0,4}' && [ "$port" -le 65535 ]; } || fail "'$port' is no port, a number up to 65535."
    matches "$folder" '/[A-Za-z0-9._/-]*[A-Za-z0-9._-]' || fail "--folder is a whole path without spaces, such as /srv/coursekeeper."
    matches "$data" '/[A-Za-z0-9._/-]*[A-Za-z0-9._-]' || fail "The data folder is a whole path without spaces, such as /srv/coursekeeper/data."
    case $form-$name in
    tailscale-*.ts.net | lan-* | local-* | domain-*.*) ;;
    tailscale-*) fail "A Tailscale name ends with .ts.net; \`tailscale status\` shows it." ;;
    *) fail "'$name' is no name that the internet knows, such as desk.example.org." ;;
    esac
}

settle() {
    public_url=https://$name
    if [ "$form" = local ]; then
        local_port=$port https_port=443
    else
        local_port=8000 https_port=$port
        [ "$port" = 443 ] || public_url=https://$name:$port
    fi
    password=
    if [ "$database" = postgres ]; then
        password=$(was POSTGRES_PASSWORD)
        password=${password:-$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')}
    fi
}

# --- Showing and doing --------------------------------------------------------------------------------------

# Each step is shown first and done afterwards, by the same lines.
act=show
step() { if [ "$act" = show ]; then say "  $*"; else "$@"; fi; }

# step_as WORDS COMMAND...: for what its words tell better than the command.
step_as() {
    if [ "$act" = show ]; then say "  $1" && return; fi
    shift
    "$@"
}

# put MODE FILE: writes what is read. A file appears whole or not at all; secrets are not shown.
put() {
    if [ "$act" = show ]; then
        say "  write $2, mode $1:"
        sed 's/^\(.*PASSWORD=\).*/\1.../; s|\(://coursekeeper:\)[^@]*@|\1...@|; s/^/      | /' >&2
        return
    fi
    (umask 077 && cat >"$2.new")
    chmod "$1" "$2.new"
    mv "$2.new" "$2"
}

# copy MODE FOLDER FILE...: puts our own files there.
copy() {
    mode=$1 target=$2
    shift 2
    for file in "$@"; do
        if [ "$act" = show ]; then
            say "  copy ${file##*/} to $target, mode $mode"
        else
            put "$mode" "$target/${file##*/}" <"$file"
        fi
    done
}

apt_install() {
    missing=
    for package in "$@"; do
        dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
            missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    has apt-get || fail "Please install:$missing"
    step apt-get -qq update
    # shellcheck disable=SC2086  # a list of words
    step env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends $missing
}

# Waits until the desk answers on this machine; says where to look if it does not.
wait_for_desk() {
    if [ "$act" = show ]; then say "  wait until the desk answers" && return; fi
    began_s=$(date +%s) slept_s=0
    # A question that is not answered takes seconds itself; the sleeps count as well where the clock is set meanwhile.
    until desk_answers; do
        slept_s=$((slept_s + 2))
        [ "$slept_s" -lt "$longest_wait_s" ] && [ $(($(date +%s) - began_s)) -lt "$longest_wait_s" ] || return 1
        sleep 2
    done
}

# say_what_runs BEFORE: end, once the version before was started again.
say_what_runs() {
    if wait_for_desk; then fail "The version before, $1, runs again."; fi
    fail "The version before, $1, was put back, and does not answer either. Mend what the log says, and start this script again."
}

# --- With containers ----------------------------------------------------------------------------------------

find_compose() {
    if has docker && docker compose version >/dev/null 2>&1; then
        compose="docker compose"
    elif has docker-compose && docker-compose version --short 2>/dev/null | grep -q '^v\{0,1\}[2-9]'; then
        compose=docker-compose
    else
        compose=
    fi
}

need_compose() {
    find_compose
    [ -z "$compose" ] || return 0
    for package in docker-compose-v2 docker-compose-plugin docker-compose; do
        if apt-cache policy "$package" 2>/dev/null | grep -q 'Candidate: [^(1]'; then
            apt_install docker.io "$package"
            find_compose
            [ -n "$compose" ] || [ "$act" = work ] || compose="docker compose"
            break
        fi
    done
    [ -n "$compose" ] || fail "Please install Docker with its compose plugin (version 2), or use --systemd."
}

# The containers have the same names in every folder: compose would take those of the other one.
refuse_second_folder() {
    has docker || return 0
    running=$(docker ps --all --filter label=com.docker.compose.project=coursekeeper \
        --format '{{.Label "com.docker.compose.project.working_dir"}}' 2>/dev/null | sort -u | grep -Fvx "$folder" | head -1) || true
    [ -z "$running" ] || fail "Coursekeeper is installed from $running already. Bring that one up to date with --folder $running, or remove it first with --uninstall --folder $running. Several clinics on one machine: docs/scale.md."
}

in_folder() { (cd "$folder" && "$@"); }

# shellcheck disable=SC2086  # one or two words
run_compose() { step_as "$compose $* in $folder" in_folder $compose "$@"; }

desk_answers() {
    (cd "$folder" && $compose exec -T coursekeeper python -c \
        "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/healthz', timeout=4)") >/dev/null 2>&1
}

get_image() {
    case $(uname -m) in x86_64) processor=amd64 ;; aarch64) processor=arm64 ;; *) processor=$(uname -m) ;; esac
    file=coursekeeper-$version-image-$processor.tar.gz
    archive=$(find "$here" "$(dirname "$(dirname "$here")")" -maxdepth 1 -name "$file" 2>/dev/null | head -1)
    chosen=${image:-coursekeeper:$version}
    if [ -n "$image" ]; then
        step docker pull "$image"
    elif [ -n "$archive" ]; then
        step docker load --quiet --input "$archive"
    elif [ -f "$here/../Dockerfile" ]; then
        step "$here/image/make" --tag "$chosen"
    else
        fail "There is no image: name one with --image, or put the archive of the release beside this folder."
    fi
}

compose_files() {
    files=compose.yaml
    case $form in tailscale | local) files=$files:compose.$form.yaml ;; esac
    [ "$database" = sqlite ] || files=$files:compose.postgres.yaml
    # What somebody has added by hand, such as compose.backup.yaml, stays.
    for file in $(was COMPOSE_FILE | tr ':' ' '); do
        case $file in compose.yaml | compose.tailscale.yaml | compose.local.yaml | compose.postgres.yaml) ;; *) files=$files:$file ;; esac
    done
    echo "$files"
}

# Settings of ours first, then every other line that somebody has added.
dot_env() {
    cat <<END
ADDRESS_FORM=$form
ADDRESS=$name
PUBLIC_URL=$public_url
HTTP_PORT=$(was HTTP_PORT | grep . || echo 80)
HTTPS_PORT=$https_port
LOCAL_PORT=$local_port
DATA_FOLDER=$data
COURSEKEEPER_IMAGE=$chosen
COMPOSE_FILE=$(compose_files)
END
    [ -z "$password" ] || echo "POSTGRES_PASSWORD=$password"
    [ ! -f "$answers" ] || grep -Ev '^(ADDRESS_FORM|ADDRESS|PUBLIC_URL|HTTP_PORT|HTTPS_PORT|LOCAL_PORT|DATA_FOLDER|COURSEKEEPER_IMAGE|COMPOSE_FILE|POSTGRES_PASSWORD)=' "$answers" || true
}

container_steps() {
    need_compose
    refuse_second_folder
    step mkdir -p "$folder/caddy"
    copy 0644 "$folder" "$here"/compose*.yaml
    copy 0644 "$folder/caddy" "$here"/caddy/*
    # Never again: somebody may have written settings into it.
    [ -e "$folder/settings.env" ] || step install -m 0600 "$here/settings.env.example" "$folder/settings.env"
    step install -d -o "$user_id" -g "$user_id" -m 0700 "$data"
    before=$(was COURSEKEEPER_IMAGE)
    get_image
    dot_env >"$scratch/env" && put 0600 "$answers" <"$scratch/env"
    [ "$form" != local ] || run_compose rm --stop --force caddy
    if run_compose up --detach --remove-orphans && wait_for_desk; then return; fi
    say "The new version does not answer. The end of its log:"
    (cd "$folder" && $compose logs --tail 20 coursekeeper) >&2 || true
    if [ -z "$before" ] || [ "$before" = "$chosen" ]; then fail "Nothing was removed. Mend it and start this script again."; fi
    sed "s|^COURSEKEEPER_IMAGE=.*|COURSEKEEPER_IMAGE=$before|" "$answers" >"$scratch/env"
    put 0600 "$answers" <"$scratch/env"
    run_compose up --detach || true
    say_what_runs "$before"
}

container_code() { (cd "$folder" && $compose exec -T coursekeeper coursekeeper setup-code); }

container_removal() {
    find_compose
    [ -d "$folder" ] || fail "There is nothing in $folder."
    [ -z "$compose" ] || run_compose down
}

# --- Without containers -------------------------------------------------------------------------------------

new_python() { python3 -c 'import sys; sys.version_info >= (3, 11) or sys.exit(1)' 2>/dev/null; }

# A database of ours by PostgreSQL's own user; twice does no harm.
make_database() {
    runuser -u postgres -- psql --quiet --set ON_ERROR_STOP=1 <<END
SELECT 'CREATE ROLE coursekeeper LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'coursekeeper') \gexec
-- CREATEDB: each backup is restored into a database of its own, to check it.
ALTER ROLE coursekeeper CREATEDB PASSWORD '$password';
SELECT 'CREATE DATABASE coursekeeper OWNER coursekeeper' WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'coursekeeper') \gexec
END
}

service_settings() {
    if [ "$database" = postgres ]; then
        url=postgresql://coursekeeper:$password@127.0.0.1/coursekeeper
    else
        url=sqlite:///$data/coursekeeper.db
    fi
    cat <<END
ADDRESS_FORM=$form
ADDRESS=$name
PUBLIC_URL=$public_url
HTTPS_PORT=$https_port
LOCAL_PORT=$local_port
DATA_FOLDER=$data
DATA_DIR=$data
DATABASE_URL=$url
END
    [ -z "$password" ] || echo "POSTGRES_PASSWORD=$password"
    [ ! -f "$answers" ] || grep -Ev '^(ADDRESS_FORM|ADDRESS|PUBLIC_URL|HTTPS_PORT|LOCAL_PORT|DATA_FOLDER|DATA_DIR|DATABASE_URL|POSTGRES_PASSWORD)=' "$answers" || true
}

# An environment of its own for each version: the one before stays until the new one answers.
install_version() {
    target=$programs/$version.new
    rm -rf "$target"
    python3 -m venv "$target"
    lock=$here/requirements.txt
    [ -f "$lock" ] || lock=$here/../requirements.txt
    sh "$here/install-locked" "$target/bin/python" "$lock"
    wheel=$(find "$here" -maxdepth 1 -name 'coursekeeper-*.whl' | head -1)
    if [ -z "$wheel" ]; then
        cp -r "$here/../invoices" "$here/../plugin" "$here/../templates" "$here/../setup.cfg" \
            "$here/../pyproject.toml" "$here/../README.md" "$here/../LICENSE" "$scratch/"
        "$target/bin/python" -m pip wheel --quiet --no-deps --no-index --no-build-isolation \
            --wheel-dir "$scratch/wheel" "$scratch"
        wheel=$(find "$scratch/wheel" -name '*.whl')
    fi
    "$target/bin/python" -m pip install --quiet --no-deps --no-index "$wheel"
    "$target/bin/python" -m pip uninstall --quiet --yes setuptools pip
    # Its programs name the folder they stand in.
    find "$target/bin" -type f -exec sed -i "s|$target|$programs/$version|g" {} +
    sed -i "s|$target|$programs/$version|g" "$target/pyvenv.cfg"
    rm -rf "${programs:?}/$version"
    mv "$target" "$programs/$version"
}

desk_answers_here() {
    "$programs/current/bin/python" -c \
        "import urllib.request as r; r.urlopen('http://127.0.0.1:$local_port/healthz', timeout=4)" >/dev/null 2>&1
}

put_caddy() {
    copy 0644 /etc/caddy "$here"/caddy/*
    if [ -f /etc/caddy/Caddyfile ] && ! grep -q "^# Coursekeeper" /etc/caddy/Caddyfile; then
        step mv /etc/caddy/Caddyfile /etc/caddy/Caddyfile.before-coursekeeper
    fi
    put 0644 /etc/caddy/Caddyfile <<END
# Coursekeeper
import $form.Caddyfile
END
    step mkdir -p /etc/systemd/system/caddy.service.d
    put 0644 /etc/systemd/system/caddy.service.d/coursekeeper.conf <<END
[Service]
Environment=ADDRESS=$name UPSTREAM=127.0.0.1:$local_port HTTPS_PORT=$https_port XDG_DATA_HOME=/var/lib/caddy/.local/share
END
}

system_steps() {
    parts="python3 python3-venv libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0 libfontconfig1"
    parts="$parts fonts-dejavu-core fonts-droid-fallback fonts-noto-core fonts-noto-color-emoji"
    parts="$parts rclone restic"
    [ "$form" = local ] || parts="$parts caddy"
    [ "$database" = sqlite ] || parts="$parts postgresql"
    # shellcheck disable=SC2086  # a list of words
    apt_install $parts
    if [ "$act" = work ]; then new_python || fail "Coursekeeper needs Python 3.11 or newer; this is $(python3 --version)."; fi
    id -u coursekeeper >/dev/null 2>&1 ||
        step useradd --system --user-group --no-create-home --home-dir /var/lib/coursekeeper --shell /usr/sbin/nologin coursekeeper
    step mkdir -p "$settings" "$programs"
    step install -d -o coursekeeper -g coursekeeper -m 0700 "$data"
    [ "$database" = sqlite ] || step_as "make a role and a database in PostgreSQL" make_database
    service_settings >"$scratch/env" && put 0640 "$answers" <"$scratch/env"
    step chgrp coursekeeper "$answers"
    before=$(readlink "$programs/current" 2>/dev/null || true)
    step_as "install version $version into $programs/$version, each package by its hash" install_version
    step ln -sfn "$programs/$version" "$programs/current"
    step install -m 0755 "$here/systemd/coursekeeper-command" /usr/local/bin/coursekeeper
    copy 0644 /etc/systemd/system "$here/systemd/coursekeeper.service"
    step mkdir -p /etc/systemd/system/coursekeeper.service.d
    put 0644 /etc/systemd/system/coursekeeper.service.d/data.conf <<END
[Service]
ReadWritePaths=$data
END
    [ "$form" = local ] || put_caddy
    step systemctl daemon-reload
    step systemctl enable coursekeeper.service
    # Whether it runs is asked below, where the version before is put back.
    step systemctl restart coursekeeper.service || true
    [ "$form" = local ] || step systemctl restart caddy.service || caddy_failed=1
    desk_answers() { desk_answers_here; }
    wait_for_desk && return
    say "The new version does not answer. The end of its log:"
    journalctl --unit coursekeeper --lines 20 --no-pager >&2 || true
    if [ -z "$before" ] || [ "$before" = "$programs/$version" ]; then
        fail "Nothing was removed. Mend it and start this script again."
    fi
    ln -sfn "$before" "$programs/current"
    systemctl restart coursekeeper.service || true
    say_what_runs "$(basename "$before")"
}

system_code() { (cd / && /usr/local/bin/coursekeeper setup-code); }

system_removal() {
    step systemctl disable --now coursekeeper.service || true
    step rm -rf /etc/systemd/system/coursekeeper.service /etc/systemd/system/coursekeeper.service.d \
        /etc/systemd/system/caddy.service.d/coursekeeper.conf /usr/local/bin/coursekeeper "$programs"
    step systemctl daemon-reload
    if [ -f /etc/caddy/Caddyfile.before-coursekeeper ]; then
        step mv /etc/caddy/Caddyfile.before-coursekeeper /etc/caddy/Caddyfile
        step systemctl restart caddy.service
    fi
}

# --- From the start to the set-up code ----------------------------------------------------------------------

steps() { if [ -n "$systemd" ]; then system_steps; else container_steps; fi; }
removal() { if [ -n "$systemd" ]; then system_removal; else container_removal; fi; }
setup_code() { if [ -n "$systemd" ]; then system_code; else container_code; fi; }

confirmed() {
    [ -z "$yes" ] || return 0
    printf 'Go on? [y/N]: ' >&2
    read -r answer || answer=''
    case $answer in y | Y | yes) ;; *) fail "Nothing was done." ;; esac
}

as_root() { [ "$(id -u)" = 0 ] || fail "Please start this with sudo: it makes a folder, a user and a service."; }

caddy_failed=
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
[ -n "$dry" ] || as_root

if [ -n "$uninstall" ]; then
    say "This stops and removes Coursekeeper. Its data and settings stay:"
    removal
    [ -z "$dry" ] || exit 0
    confirmed
    act=work
    removal
    say "Removed. The data is in $(was DATA_FOLDER), the settings in $answers."
    exit 0
fi

ask_everything
check_answers
settle
say ""
say "This will be done:"
steps
[ -z "$dry" ] || exit 0
confirmed
act=work
steps
say ""
say "Coursekeeper $version runs at $public_url"
if code=$(setup_code 2>"$scratch/why"); then
    say "Set-up code: $code"
    say "Open the address in a browser and type the code. It is asked for once."
else
    cat "$scratch/why" >&2
fi
if [ -n "$caddy_failed" ]; then
    say ""
    say "Caddy does not start, so the address does not answer yet. Does another program use port 80 or $https_port?"
    say "\`journalctl --unit caddy --lines 20\` says why. Then: systemctl restart caddy"
fi
case $form in
lan)
    plain=http://$name
    http_port=$(was HTTP_PORT)
    [ "${http_port:-80}" = 80 ] || plain=$plain:$http_port
    say ""
    say "Once on each iPad, so that it trusts the clinic's certificate (other devices: docs/install.md):"
    say "  1. In Safari open $plain/ca.crt and allow the download of the profile."
    say "  2. Settings, General, VPN & Device Management: tap the profile, then Install."
    say "  3. Settings, General, About, Certificate Trust Settings: switch it on."
    say "  4. Open $public_url. Share, Add to Home Screen."
    ;;
local) say "Point your tunnel or proxy at http://127.0.0.1:$local_port." ;;
tailscale) [ -z "$systemd" ] || say "Let Caddy ask for the certificate: add TS_PERMIT_CERT_UID=caddy to /etc/default/tailscaled, restart tailscaled." ;;
esac
