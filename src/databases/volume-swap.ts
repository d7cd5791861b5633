/*
 * Puts the contents of an archive in the place of a folder's, $2, under names made from the stamp $3:
 *
 *   stage <folder> <stamp>     the archive from standard input, unpacked beside the data; says it back as an archive
 *   swap <folder> <stamp>      the data into the folder that is kept, what was unpacked in its place
 *   recover <folder> <stamp>   ends what a swap began
 *
 * Until the one rename to `ready` everything can be undone; from then on it is done. What somebody's service that was
 * started in between made under the same names goes. `swap` and `recover` say `end <RestoreEnd>`.
 */
export const volumeSwap = `
set -eu
op=$1 dir=$2 stamp=$3
staging=$dir/.homeport-staging-$stamp new=$dir/.homeport-restore-$stamp ready=$dir/.homeport-ready-$stamp
keeping=$dir/.homeport-keeping-$stamp kept=$dir/.homeport-before-$stamp
move() {
  for path in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    name=\${path##*/}
    case $name in .homeport-* | lost+found) continue ;; esac
    if [ -e "$path" ] || [ -L "$path" ]; then
      rm -rf "$2/$name"
      mv "$path" "$2/$name"
    fi
  done
}
like() {
  chown "$(stat -c %u:%g "$1")" "$2"
  chmod "$(stat -c %a "$1")" "$2"
}
finish() {
  move "$ready" "$dir"
  like "$ready" "$dir"
  if [ -e "$keeping" ]; then mv "$keeping" "$kept"; fi
  sync
  rm -rf "$ready"
  sync
  echo 'end finished'
}
undo() {
  if [ -e "$keeping" ]; then move "$keeping" "$dir"; fi
  sync
  rm -rf "$keeping" "$new" "$staging"
  sync
  echo 'end undone'
}
case $op in
  stage)
    rm -rf "$staging"
    mkdir -m 700 "$staging"
    like "$dir" "$staging"
    tar -xpf - -C "$staging"
    sync
    mv "$staging" "$new"
    sync
    exec tar -cf - -C "$new" .
    ;;
  swap)
    mkdir -m 700 "$keeping"
    move "$dir" "$keeping"
    sync
    mv "$new" "$ready"
    sync
    finish
    ;;
  recover)
    if [ -e "$ready" ]; then
      finish
    elif [ -e "$keeping" ] || [ -e "$new" ] || [ -e "$staging" ]; then
      undo
    elif [ -e "$kept" ]; then
      echo 'end finished'
    fi
    ;;
esac
`;
