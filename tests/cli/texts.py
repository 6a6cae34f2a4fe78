"""Small networks to run the commands on."""

TINY = """\
net tiny(classes = 10) {
  input image: 3x8x8
  output scores = image -> conv(4, 3) -> relu -> flatten -> linear(classes)
}
"""
WRONG = """\
net wrong {
  input image: 3x8x8
  output scores = image -> conv(4, 3) -> rellu
}
"""
